"""Every way in which a job ends badly is named, saved and told."""

import errno
from pathlib import Path
from typing import Any

import pytest

from separation.errors import (
    Cancelled,
    CorruptAudio,
    DiskFull,
    FileUnavailable,
    Internal,
    ModelUnavailable,
    OutOfMemory,
    OutputInvalid,
    SeparationError,
)
from separation.pipeline.error_mapping import named_error
from separation.pipeline.manifest import load_manifest
from separation.pipeline.run import run_pipeline
from separation.pipeline.work_folder import remove_work
from separation.protocol.jobspec import JobSpec
from separation.protocol.messages import Event, FailedEvent
from separation.settings import CoreSettings
from tests.separation.fakes import fake_separators, make_song, make_spec


def fail(
    spec: JobSpec, error: type[SeparationError], match: str | None = None, **how: Any
) -> FailedEvent:
    events: list[Event] = []
    with pytest.raises(error, match=match):
        run_pipeline(
            spec, CoreSettings(), separators=fake_separators, observer=events.append, **how
        )
    assert isinstance(events[-1], FailedEvent)
    return events[-1]


@pytest.mark.parametrize("fault", ["missing", "short", "nan", "silent"])
def test_a_stem_that_is_missing_or_broken_fails_the_stage(tmp_path: Path, fault: str) -> None:
    spec = make_spec(tmp_path, model=fault)
    told = fail(spec, OutputInvalid, "vocals")
    assert (told.code, told.stage) == ("output_invalid", "separation")
    manifest = load_manifest(spec.job_dir / "manifest.json")
    assert manifest.status == "failed" and manifest.error_code == "output_invalid"
    stage = manifest.stage("separation")
    assert (stage.status, stage.error_code) == ("failed", "output_invalid")
    assert stage.error is not None and "vocals" in stage.error
    assert manifest.stage("prepare").status == "completed"
    assert manifest.stage("export").status == "pending"


@pytest.mark.parametrize(
    ("model", "error", "retryable"),
    [
        ("full", DiskFull, False),
        ("memory", OutOfMemory, True),
        ("unusable", ModelUnavailable, False),
    ],
)
def test_what_the_machine_lacks_has_a_name(
    tmp_path: Path, model: str, error: type[SeparationError], retryable: bool
) -> None:
    told = fail(make_spec(tmp_path, model=model), error)
    assert told.retryable is retryable


@pytest.mark.parametrize("model", ["bug", "exits"])
def test_a_fault_of_ours_is_logged_whole_and_told_in_one_sentence(
    tmp_path: Path, model: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = fail(make_spec(tmp_path, model=model), Internal)
    assert "Traceback" not in told.detail and "fakes.py" not in told.detail
    assert any(record.exc_info and record.name == "pipeline" for record in caplog.records)


def test_the_cause_stays_attached_to_an_internal_error(tmp_path: Path) -> None:
    with pytest.raises(Internal) as caught:
        run_pipeline(
            make_spec(tmp_path, model="bug"),
            CoreSettings(),
            separators=fake_separators,
            observer=lambda event: None,
        )
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_failed_job_keeps_its_finished_stages_and_no_unfinished_one(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, model="nan")
    fail(spec, OutputInvalid)
    assert {path.name for path in (spec.job_dir / "work").iterdir()} == {".holder", "prepare"}
    remove_work(spec.job_dir)
    assert [path.name for path in spec.job_dir.iterdir()] == ["manifest.json"]


def test_a_source_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder.wav").mkdir()
    told = fail(
        make_spec(tmp_path, song=tmp_path / "folder.wav"), FileUnavailable, "cannot be read"
    )
    assert (told.code, told.retryable) == ("file_unavailable", False)


def test_a_source_that_is_gone_is_told(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    spec.input_path.unlink()
    fail(spec, CorruptAudio, "not there")


def test_a_source_that_is_no_audio_fails_in_prepare(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    song.write_text("this is no song")
    told = fail(make_spec(tmp_path, song=song), SeparationError)
    assert told.stage == "prepare"


def test_a_cancelled_job_says_so_and_leaves_no_unfinished_stage(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, song=make_song(tmp_path / "song.wav", 3.0))
    separating = spec.job_dir / "work" / "prepare" / "receipt.json"

    def check() -> None:
        if separating.exists():
            raise Cancelled("The job was cancelled.")

    told = fail(spec, Cancelled, check=check)
    assert told.code == "cancelled"
    manifest = load_manifest(spec.job_dir / "manifest.json")
    assert manifest.status == "cancelled"
    assert [stage.status for stage in manifest.stages] == ["completed", "skipped", "skipped"]
    assert {path.name for path in (spec.job_dir / "work").iterdir()} == {".holder", "prepare"}


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_for_results_that_cannot_be_written_to_has_a_name(
    tmp_path: Path, number: int
) -> None:
    job_dir = tmp_path / "outputs" / "job"
    here = OSError(number, "no", str(job_dir / "work"))
    elsewhere = OSError(number, "no", str(tmp_path / "models" / "weights.th"))
    assert named_error(here, job_dir).code == "storage_unavailable"
    assert named_error(elsewhere, job_dir).code == "internal"


@pytest.mark.parametrize(
    ("model", "error", "level"),
    [("unusable", ModelUnavailable, "WARNING"), ("bug", Internal, "ERROR")],
)
def test_only_what_nobody_foresaw_is_an_error_of_the_log(
    tmp_path: Path,
    model: str,
    error: type[SeparationError],
    level: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fail(make_spec(tmp_path, model=model), error)
    assert {record.levelname for record in caplog.records if record.name == "pipeline"} == {level}
