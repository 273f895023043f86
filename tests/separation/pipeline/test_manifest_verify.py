"""Whether the delivered files are still those that the manifest describes."""

from pathlib import Path

import pytest

from separation.pipeline.manifest import Manifest, load_manifest, save_manifest, verify_manifest
from separation.stages.base import ArtifactRecord
from separation.storage.atomic_files import digest_of


@pytest.fixture
def job_dir(tmp_path: Path) -> Path:
    """A completed job with two small files; what is in them does not matter here."""
    folder = tmp_path / "job"
    records = []
    for name in ("vocals", "drums"):
        path = folder / "fake_output" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 100)
        digest = digest_of(path)
        records.append(
            ArtifactRecord(
                name=name,
                path=f"fake_output/{name}.wav",
                stage="separation",
                format="wav24",
                sha256=digest.sha256,
                size_bytes=digest.size,
                frames=1,
                sample_rate_hz=44_100,
                channels=2,
                duration_s=1 / 44_100,
                gain_db=0.0,
                peak_dbfs=None,
                true_peak_dbtp=None,
                loudness_lufs=None,
            )
        )
    manifest = Manifest(
        job_id="job",
        input_file="song.wav",
        created_at="2026-01-02T03:04:05+00:00",
        status="completed",
        artifacts=tuple(records),
        outputs={record.name: record.path for record in records},
    )
    save_manifest(manifest, folder)
    return folder


def test_files_as_delivered_raise_no_problem(job_dir: Path) -> None:
    assert verify_manifest(job_dir) == []


def test_a_missing_file_is_named(job_dir: Path) -> None:
    (job_dir / "fake_output" / "drums.wav").unlink()
    assert verify_manifest(job_dir) == ["drums: fake_output/drums.wav is missing."]


@pytest.mark.parametrize("content", [b"vocalS" * 100, b"vocals" * 99])
def test_a_changed_file_is_named(job_dir: Path, content: bytes) -> None:
    (job_dir / "fake_output" / "vocals.wav").write_bytes(content)
    (problem,) = verify_manifest(job_dir)
    assert problem.startswith("vocals: ") and "not the file" in problem


def test_an_old_manifest_is_checked_for_presence(job_dir: Path) -> None:
    old = load_manifest(job_dir / "manifest.json").model_dump(mode="json")
    del old["artifacts"]
    old["outputs"]["bass"] = "fake_output/bass.wav"
    save_manifest(load_manifest({**old, "version": "1.0"}), job_dir)
    assert verify_manifest(job_dir) == ["bass: fake_output/bass.wav is missing."]


def test_saving_leaves_nothing_but_the_manifest(job_dir: Path) -> None:
    assert sorted(path.name for path in job_dir.iterdir()) == ["fake_output", "manifest.json"]
