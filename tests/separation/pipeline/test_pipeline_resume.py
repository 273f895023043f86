"""A second attempt keeps what is finished and intact, and runs the rest."""

from itertools import count
from pathlib import Path

import pytest
import soundfile

from separation.base import SeparatorModel, SeparatorOptions
from separation.errors import Cancelled, ModelUnavailable, OutputInvalid
from separation.pipeline.manifest import Manifest, load_manifest, verify_manifest
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import JobSpec, StageRequest
from separation.protocol.messages import Event, FailedEvent, StageFinishedEvent
from separation.settings import CoreSettings
from tests.separation.fakes import (
    FakeSeparator,
    fake_separators,
    make_song,
    make_spec,
    separation_request,
)

KEEP = CoreSettings(keep_work=True)


def attempt(spec: JobSpec, settings: CoreSettings = KEEP) -> tuple[Manifest, dict[str, bool]]:
    """The manifest, and for each stage whether it was reused."""
    reused = {}

    def observe(event: Event) -> None:
        if isinstance(event, StageFinishedEvent):
            reused[event.stage] = event.reused

    manifest = run_pipeline(spec, settings, separators=fake_separators, observer=observe)
    return manifest, reused


def interrupted(spec: JobSpec) -> JobSpec:
    """All work of ``spec`` is done, but the job did not come to its end."""
    attempt(spec)
    (spec.job_dir / "manifest.json").unlink()
    return spec


def test_finished_stages_are_kept_after_a_failure(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, model="nan")
    with pytest.raises(OutputInvalid):
        attempt(spec)
    repaired = make_spec(tmp_path, song=spec.input_path)
    _, reused = attempt(repaired)
    assert reused == {"prepare": True, "separation": False, "export": False}


def test_a_job_that_was_all_but_done_runs_nothing_again(tmp_path: Path) -> None:
    spec = interrupted(make_spec(tmp_path))
    runs = FakeSeparator.runs
    manifest, reused = attempt(spec)
    assert set(reused.values()) == {True} and FakeSeparator.runs == runs
    assert all(stage.reused for stage in manifest.stages)
    assert verify_manifest(spec.job_dir) == []


def test_a_damaged_intermediate_is_made_again(tmp_path: Path) -> None:
    spec = interrupted(make_spec(tmp_path))
    stem = spec.job_dir / "work" / "separation" / "vocals.wav"
    data = bytearray(stem.read_bytes())
    data[-5] ^= 1
    stem.write_bytes(data)
    _, reused = attempt(spec)
    assert reused == {"prepare": True, "separation": False, "export": True}


def test_a_missing_intermediate_is_made_again(tmp_path: Path) -> None:
    spec = interrupted(make_spec(tmp_path))
    (spec.job_dir / "work" / "prepare" / "mixture.wav").unlink()
    _, reused = attempt(spec)
    assert reused["prepare"] is False


def test_a_damaged_output_is_written_again(tmp_path: Path) -> None:
    spec = interrupted(make_spec(tmp_path))
    (spec.job_dir / "fake_output" / "bass.wav").write_bytes(b"no longer music")
    _, reused = attempt(spec)
    assert reused == {"prepare": True, "separation": True, "export": False}
    assert verify_manifest(spec.job_dir) == []


@pytest.mark.parametrize("receipt", [b"", b"{}", b"not json"])
def test_a_receipt_that_cannot_be_read_counts_for_nothing(tmp_path: Path, receipt: bytes) -> None:
    spec = interrupted(make_spec(tmp_path))
    (spec.job_dir / "work" / "separation" / "receipt.json").write_bytes(receipt)
    _, reused = attempt(spec)
    assert reused["separation"] is False


def test_another_parameter_runs_its_stage_and_what_follows(tmp_path: Path) -> None:
    first = interrupted(make_spec(tmp_path))
    changed = make_spec(tmp_path, separation_request(seed=5), song=first.input_path)
    _, reused = attempt(changed)
    assert reused == {"prepare": True, "separation": False, "export": False}


def test_another_song_runs_everything(tmp_path: Path) -> None:
    spec = interrupted(make_spec(tmp_path))
    make_song(spec.input_path, 0.7)
    manifest, reused = attempt(spec)
    assert set(reused.values()) == {False}
    assert {record.frames for record in manifest.artifacts} == {30_870}


def test_what_a_killed_attempt_left_half_done_is_removed(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    stale = spec.job_dir / "work" / ".tmp-separation-1"
    stale.mkdir(parents=True)
    (stale / "vocals.wav").write_bytes(b"half")
    attempt(spec)
    assert not stale.exists()


def test_a_completed_job_asked_again_is_answered_from_its_manifest(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    first, _ = attempt(spec, CoreSettings())
    assert not (spec.job_dir / "work").exists()
    runs = FakeSeparator.runs
    again, reused = attempt(spec, CoreSettings())
    assert again == first and set(reused.values()) == {True} and FakeSeparator.runs == runs


def test_a_completed_job_whose_file_was_lost_is_done_again(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    attempt(spec, CoreSettings())
    (spec.job_dir / "fake_output" / "bass.wav").unlink()
    attempt(spec, CoreSettings())
    assert soundfile.info(spec.job_dir / "fake_output" / "bass.wav").frames == 44_100


def test_a_completed_job_with_other_parameters_is_done_again(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    attempt(spec, CoreSettings())
    other = make_spec(tmp_path, song=spec.input_path, format="flac16")
    manifest, _ = attempt(other, CoreSettings())
    assert {record.format for record in manifest.artifacts} == {"flac16"}


def test_a_completed_job_whose_separator_is_gone_fails_with_the_reason(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    attempt(spec, CoreSettings())

    def gone(name: str, options: SeparatorOptions) -> SeparatorModel:
        raise ModelUnavailable("The weights are gone.")

    events: list[Event] = []
    with pytest.raises(ModelUnavailable, match="weights are gone"):
        run_pipeline(spec, CoreSettings(), separators=gone, observer=events.append)
    assert isinstance(events[-1], FailedEvent) and events[-1].code == "model_unavailable"


def test_a_pipeline_without_separation_delivers_what_it_makes(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, StageRequest(name="harmonic_percussive"))
    manifest, _ = attempt(spec)
    assert list(manifest.outputs) == ["harmonic", "percussive"]


def test_what_a_killed_attempt_had_begun_to_write_is_cleared_away(tmp_path: Path) -> None:
    spec = interrupted(make_spec(tmp_path))
    torn = spec.job_dir / ".manifest.json.4711.tmp"
    torn.write_text("{")
    attempt(spec)
    assert not torn.exists()


def test_a_cancel_while_an_earlier_result_is_verified_leaves_that_result(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    attempt(spec)
    written = (spec.job_dir / "manifest.json").read_bytes()
    calls, verified_at = count(1), 3

    def check() -> None:
        if next(calls) >= verified_at:
            raise Cancelled("enough")

    events: list[Event] = []
    with pytest.raises(Cancelled):
        run_pipeline(spec, KEEP, separators=fake_separators, observer=events.append, check=check)
    (event,) = events
    assert isinstance(event, FailedEvent) and event.manifest is not None
    assert [stage["status"] for stage in event.manifest["stages"]] == ["completed"] * 3
    assert (spec.job_dir / "manifest.json").read_bytes() == written
    runs = FakeSeparator.runs
    _, reused = attempt(spec)
    assert set(reused.values()) == {True} and FakeSeparator.runs == runs


def test_a_cancel_of_a_new_attempt_is_written_over_an_earlier_end(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, model="nan")
    with pytest.raises(OutputInvalid):
        attempt(spec)

    def check() -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        run_pipeline(
            spec, KEEP, separators=fake_separators, observer=lambda event: None, check=check
        )
    assert load_manifest(spec.job_dir / "manifest.json").status == "cancelled"
