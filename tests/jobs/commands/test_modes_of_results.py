"""What commands make in a person's folder follows that person's umask; the site's stays closed."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from jobs.management.result_folder import apply_umask, inherited_umask
from stemsite.settings import BASE_DIR
from tests.factories import wav_bytes


def modes(place: Path) -> dict[str, str]:
    """By name, with the kind in front: ``f 644``."""
    found = [place, *place.rglob("*")]
    return {
        path.name: f"{'d' if path.is_dir() else 'f'} {stat.S_IMODE(path.stat().st_mode):o}"
        for path in found
    }


@pytest.fixture
def person(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """The folder of somebody whose umask is 027, while this process has the site's."""
    settings.INHERITED_UMASK = 0o027
    settings.DATA_DIR = settings.UPLOAD_DIR = settings.OUTPUT_DIR = tmp_path / "data"
    before = os.umask(0o077)
    (tmp_path / "data").mkdir()
    yield tmp_path
    os.umask(before)


def test_stems_follow_the_umask_of_the_person_and_the_data_folder_stays_closed(
    tmp_path: Path,
) -> None:
    """A process of its own: settings take the umask when they are loaded."""
    song, out, data = tmp_path / "Song.wav", tmp_path / "mine" / "out", tmp_path / "data"
    song.write_bytes(wav_bytes(0.5))
    command = ["manage.py", "separate", str(song), "--out", str(out), "--separator", "spectral"]
    subprocess.run(
        [sys.executable, *command, "--stages", "separation"],
        cwd=BASE_DIR,
        env={**os.environ, "STEMSITE_DATA_DIR": str(data)},
        umask=0o022,
        check=True,
        capture_output=True,
    )
    made = modes(out.parent)
    assert {"out", "Song", "manifest.json", "vocals.wav"} <= set(made)
    assert set(made.values()) == {"d 755", "f 644"}
    assert set(modes(data).values()) == {"d 700", "f 600"}


def test_what_is_made_in_the_block_follows_the_umask_and_what_comes_after_does_not(
    person: Path,
) -> None:
    with inherited_umask(person / "mine"):
        (person / "mine").mkdir()
        (person / "mine" / "inside").touch()
    (person / "mine" / "outside").touch()
    assert modes(person / "mine") == {"mine": "d 750", "inside": "f 640", "outside": "f 600"}


def test_what_others_made_there_is_opened_as_far_as_the_umask_says(person: Path) -> None:
    (person / "mine" / "stems").mkdir(parents=True)
    (person / "mine" / "stems" / "vocals.wav").touch()
    (person / "secret").touch()
    (person / "mine" / "link").symlink_to(person / "secret")
    apply_umask(person / "mine")
    assert modes(person / "mine" / "stems") == {"stems": "d 750", "vocals.wav": "f 640"}
    assert modes(person / "secret") == {"secret": "f 600"}
    apply_umask(person / "nowhere")


def test_results_in_a_folder_of_the_site_stay_closed(person: Path) -> None:
    place = person / "data" / "out"
    with inherited_umask(place):
        place.mkdir()
        (place / "vocals.wav").touch()
    apply_umask(place)
    assert modes(place) == {"out": "d 700", "vocals.wav": "f 600"}
