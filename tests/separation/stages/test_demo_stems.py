"""The demonstration song is rendered for the mixer completely or not at all."""

import fcntl
import json
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from separation.demo.playable import INDEX, is_complete
from separation.demo.song import FRAMES, stems
from separation.stages.demo_stems import main, render

LIMIT_S = 60.0


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a process was killed while it rendered."""
    folder = tmp_path_factory.mktemp("demo") / "mixer-3"
    process = subprocess.Popen([sys.executable, "-m", "separation.stages.demo_stems", str(folder)])
    deadline = time.monotonic() + LIMIT_S
    while not list(folder.parent.glob(".mixer-3.draft/listen/*.aac")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.wait()
    return folder


@pytest.fixture(scope="module")
def left_by_the_killed(killed: Path) -> set[str]:
    return names(killed.parent)


@pytest.fixture(scope="module")
def folder(killed: Path, left_by_the_killed: set[str]) -> Path:
    """The song that is rendered there after it, with other versions beside it at first."""
    for name in ("mixer-1", "mixer-3", "mixer-9", ".mixer-1.removed", "other-1"):
        (killed.parent / name / "listen").mkdir(parents=True)
    (killed / "listen" / "drums.aac").write_bytes(b"half")
    assert render(killed)
    return killed


def names(parent: Path) -> set[str]:
    return {path.name for path in parent.iterdir()} - {".mixer.lock", "tmp", "staticfiles"}


def test_one_that_is_killed_leaves_no_song(left_by_the_killed: set[str]) -> None:
    assert left_by_the_killed == {".mixer-3.draft"}


def test_the_next_one_clears_up_and_replaces_what_is_half_made_or_older(folder: Path) -> None:
    assert is_complete(folder)
    assert names(folder.parent) == {"mixer-3", "mixer-9", "other-1"}


def test_its_stems_are_the_true_ones(folder: Path) -> None:
    index = json.loads((folder / INDEX).read_text())
    truth = stems()
    assert [stem["name"] for stem in index["stems"]] == list(truth)
    assert index["frames"] == FRAMES
    heard = 0.0
    for stem in index["stems"]:
        with av.open(str(folder / stem["preview"])) as file:
            sound = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)
        start = index["delay_samples"]
        decoded = sound[:, start : start + FRAMES]
        error = decoded - truth[stem["name"]][:, : decoded.shape[1]]
        heard = 10 * np.log10(np.mean(truth[stem["name"]] ** 2) / np.mean(error**2))
        # AAC of 128 kbit/s; without the delay, or with another stem, it is about 0 dB.
        assert heard > 12, stem["name"]


def test_a_second_render_leaves_the_first_one_as_it_is(folder: Path) -> None:
    before = (folder / INDEX).stat().st_mtime_ns
    assert render(folder)
    assert (folder / INDEX).stat().st_mtime_ns == before


def test_two_do_not_render_at_once(tmp_path: Path) -> None:
    with (tmp_path / ".mixer.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not render(tmp_path / "mixer-1")
    assert names(tmp_path) == set()


def test_what_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("separation.stages.demo_stems.write_index", full)
    monkeypatch.setattr(
        "separation.stages.demo_stems.stems", lambda: {"drums": np.zeros((2, 4410), np.float32)}
    )
    with pytest.raises(OSError, match="No space left"):
        render(tmp_path / "mixer-1")
    assert names(tmp_path) == set()


def test_a_folder_without_a_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="NAME-VERSION, not 'mixer'"):
        render(tmp_path / "mixer")
    monkeypatch.setattr(sys, "argv", ["demo_stems", str(tmp_path / "mixer")])
    with pytest.raises(SystemExit, match="usage"):
        main()
    assert names(tmp_path) == set()
