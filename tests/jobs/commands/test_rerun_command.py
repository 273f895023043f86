"""``manage.py rerun``: the same song becomes the same bits, or is refused in words."""

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from django.core.management import call_command

from jobs.management.rerun_input import find_input
from separation.pipeline.manifest import load_manifest
from separation.storage.atomic_files import digest_of
from tests.factories import make_job, make_source, wav_bytes
from tests.jobs.worker.live_site import ROOT


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a song that was separated here, with the song beside it."""
    home = tmp_path_factory.mktemp("first")
    song = home / "My song.wav"
    song.write_bytes(wav_bytes(1.0))
    said = io.StringIO()
    call_command(
        "separate", str(song), out=home, separator="spectral", stages="separation",
        stdout=said, stderr=io.StringIO(),
    )  # fmt: skip
    return home / "My song"


@pytest.fixture
def made(first: Path, tmp_path: Path) -> Path:
    """A copy, which a test may change."""
    shutil.copy(first.parent / "My song.wav", tmp_path)
    return Path(shutil.copytree(first, tmp_path / "My song"))


def rerun(manifest: Path, out: Path, **options: Any) -> tuple[int, str]:
    said = io.StringIO()
    try:
        call_command("rerun", str(manifest), out=out, stdout=said, stderr=said, **options)
    except SystemExit as ended:
        return int(str(ended.code)), said.getvalue()
    return 0, said.getvalue()


def change(made: Path, **changes: Any) -> None:
    file = made / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def told(made: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((made / "manifest.json").read_text())
    return found


def test_another_process_without_a_database_makes_the_same_bits(
    first: Path, tmp_path: Path
) -> None:
    """By the real command, on a machine that has only the manifest, the song and no site."""
    shutil.copy(first / "manifest.json", tmp_path)
    ran = subprocess.run(
        [
            sys.executable, "manage.py", "rerun", str(tmp_path / "manifest.json"),
            "--input", str(first.parent / "My song.wav"), "--out", str(tmp_path),
        ],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin", "STEMSITE_DEBUG": "1",
            "STEMSITE_DATA_DIR": str(tmp_path / "nothing"), "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    then = load_manifest(first / "manifest.json")
    now = load_manifest(tmp_path / "My song (again)" / "manifest.json")
    for record in then.artifacts:
        again = tmp_path / "My song (again)" / record.path
        assert digest_of(again).sha256 == record.sha256
        assert f"{record.name:<24} bit-identical" in ran.stdout
    assert f"All {len(then.artifacts)} files are bit-identical." in ran.stdout
    assert now.repeats is not None and now.repeats.is_identical
    assert now.repeats.job_id == then.job_id != now.job_id
    assert now.repeats.reasons == ()


def test_a_file_that_comes_out_otherwise_is_told_with_its_distance_and_the_reasons(
    made: Path, tmp_path: Path
) -> None:
    manifest = told(made)
    vocals = made / manifest["outputs"]["vocals"]
    sound, rate = soundfile.read(vocals, always_2d=True)
    # An error of a hundredth is one of -40 dB.
    soundfile.write(vocals, sound * 0.99, rate, subtype="PCM_24")
    digest = digest_of(vocals)
    for record in manifest["artifacts"]:
        if record["name"] == "vocals":
            record |= {"sha256": digest.sha256, "size_bytes": digest.size}
    manifest["separation"]["engine"] = "abacus"
    manifest["metadata"]["libraries"]["numpy"] = "0.1"
    change(made, **manifest)
    code, said = rerun(made, tmp_path / "out")
    assert code == 1
    (line,) = [line for line in said.splitlines() if line.startswith("vocals ")]
    assert float(line.split("differs by ")[1].split(" dB")[0]) == pytest.approx(40.0, abs=0.2)
    assert "drums                    bit-identical" in said
    assert "engine: abacus then, numpy now" in said
    assert f"numpy: 0.1 then, {np.__version__} now" in said


@pytest.mark.django_db
def test_a_missing_song_is_refused_with_what_to_do(made: Path, tmp_path: Path) -> None:
    (tmp_path / "My song.wav").write_bytes(wav_bytes(1.0, seed=9))
    code, said = rerun(made, tmp_path / "out")
    assert code == 2 and "file_unavailable: the song 'My song.wav'" in said and "--input" in said
    code, said = rerun(made, tmp_path / "out", input=tmp_path / "nowhere.wav")
    assert code == 2 and "nowhere.wav" in said


def test_other_weights_are_refused_in_words_and_leave_nothing(made: Path, tmp_path: Path) -> None:
    change(made, separation={**told(made)["separation"], "weights_digest": "f" * 64})
    code, said = rerun(made, tmp_path / "out")
    assert code == 2 and "not_repeatable: The digest of the weights is " in said
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.django_db
def test_a_song_of_this_site_is_found_by_its_job(made: Path, tmp_path: Path) -> None:
    (tmp_path / "My song.wav").unlink()
    job = make_job(status="completed", source=make_source(content=wav_bytes(1.0)))
    change(made, job_id=str(job.pk))
    assert find_input(load_manifest(made / "manifest.json"), made) == job.source.path


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "failed"}, "only a completed job"),
        ({"artifacts": []}, "no digests"),
        ({"version": "3.0"}, "Update stemsite"),
    ],
)
def test_a_manifest_that_cannot_be_repeated_is_refused(
    made: Path, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    change(made, **changes)
    code, said = rerun(made, tmp_path / "out")
    assert code == 2 and words in said
    assert not (tmp_path / "out").exists()


def test_a_folder_of_models_has_to_be_named(made: Path, tmp_path: Path) -> None:
    stages = told(made)["stages"]
    for stage in stages:
        if stage["name"] == "separation":
            stage["parameters"]["repo"] = "weights"
    change(made, stages=stages)
    code, said = rerun(made, tmp_path / "out")
    assert code == 2 and "--repo" in said and "'weights'" in said
