"""When a checkpoint is used, when it is not, and what is left of it."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from separation.audio.blocks import BLOCK_FRAMES, StemWriters
from separation.base import SeparatorOptions, separate_with
from separation.errors import Cancelled, OutputInvalid, SeparationError, WorkerLost
from separation.pipeline.manifest import manifest_schema, verify_manifest
from separation.progress import ignore_progress
from separation.protocol.jobspec import JobSpec
from separation.settings import CoreSettings
from separation.storage.checkpoints import Checkpoints
from tests.separation.fakes import (
    FakeSeparator,
    make_samples,
    make_song,
    make_spec,
    separation_request,
)
from tests.separation.interrupted import (
    ALWAYS,
    Outcome,
    Windows,
    attempt,
    elsewhere,
    left_behind,
)

STOP_AT = 12


@pytest.fixture(autouse=True)
def nobody_stops() -> Iterator[None]:
    yield
    Windows.reached = staticmethod(lambda count: None)


@pytest.fixture
def spec(tmp_path: Path) -> JobSpec:
    song = make_song(tmp_path / "song.wav", 1.5)
    return make_spec(tmp_path, separation_request(separator="uneven"), song=song)


def with_options(spec: JobSpec, **options: Any) -> JobSpec:
    changed = make_spec(spec.input_path.parent, separation_request(separator="uneven", **options))
    return spec.model_copy(update={"pipeline": changed.pipeline})


def stopped(
    spec: JobSpec,
    error: BaseException | None = None,
    *,
    at: int = STOP_AT,
    settings: CoreSettings = ALWAYS,
    then: Callable[[], None] | None = None,
) -> None:
    """An attempt that ends with ``error`` in the middle of the song, after doing ``then``."""
    error = error or WorkerLost("the worker is told to end")
    first = Windows.count

    def reached(count: int) -> None:
        if count - first == at:
            Windows.reached = staticmethod(lambda count: None)
            if then is not None:
                then()
            else:
                raise error

    Windows.reached = staticmethod(reached)
    with pytest.raises(type(error) if isinstance(error, SeparationError) else SeparationError):
        attempt(spec, settings)


def is_whole(outcome: Outcome) -> bool:
    return outcome.details["resumed_at_s"] is None


def record_of(spec: JobSpec) -> Path:
    (folder,) = left_behind(spec)
    return folder / "checkpoint.json"


@pytest.mark.parametrize("error", [WorkerLost("drained"), Cancelled("by the person")])
def test_who_stops_a_job_keeps_what_is_finished(spec: JobSpec, error: SeparationError) -> None:
    stopped(spec, error)
    assert len(left_behind(spec)) == 1
    resumed = attempt(spec)
    assert not is_whole(resumed) and resumed.stems == attempt(elsewhere(spec)).stems
    assert left_behind(spec) == []


@pytest.mark.parametrize("error", [OutputInvalid("not finite"), KeyError("a fault of ours")])
def test_what_may_be_wrong_itself_is_not_continued(spec: JobSpec, error: Exception) -> None:
    stopped(spec, error)
    assert left_behind(spec) == []
    assert is_whole(attempt(spec))


def test_without_the_work_folder_nothing_is_left_of_a_completed_job(spec: JobSpec) -> None:
    stopped(spec)
    attempt(spec, CoreSettings(checkpoint_s=1e-9))
    assert sorted(path.name for path in spec.job_dir.iterdir()) == [
        "manifest.json",
        "uneven_output",
    ]
    assert verify_manifest(spec.job_dir) == []


def test_the_finished_stage_holds_stems_and_a_receipt_alone(spec: JobSpec) -> None:
    stopped(spec)
    attempt(spec)
    names = {path.name for path in (spec.job_dir / "work" / "separation").iterdir()}
    assert names == {"drums.wav", "bass.wav", "vocals.wav", "receipt.json"}


def test_no_checkpoint_is_made_before_its_time(spec: JobSpec) -> None:
    stopped(spec, settings=CoreSettings(checkpoint_s=3_600))
    assert left_behind(spec) == []


def test_zero_turns_checkpoints_off_and_ignores_those_that_are_there(spec: JobSpec) -> None:
    stopped(spec, settings=CoreSettings(checkpoint_s=0))
    assert left_behind(spec) == []
    stopped(spec)
    assert is_whole(attempt(spec, CoreSettings(checkpoint_s=0, keep_work=True)))
    assert left_behind(spec) == []


@pytest.mark.parametrize(
    "options",
    [{"overlap": 0.5}, {"shifts": 1}, {"stems": ["bass"]}, {"two_stems": "bass"}, {"seed": 4}],
    ids=str,
)
def test_another_choice_starts_anew(
    spec: JobSpec, options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    stopped(spec)
    assert is_whole(attempt(with_options(spec, **options)))
    assert "another request" in caplog.text
    assert left_behind(spec) == []


def test_another_song_starts_anew(spec: JobSpec) -> None:
    stopped(spec)
    make_song(spec.input_path, 1.5, peak=0.4)
    assert is_whole(attempt(spec))


def test_what_a_gpu_began_the_cpu_does_not_go_on_with(
    spec: JobSpec, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("UNEVEN_MADE_BY", "a card")
    stopped(spec)
    monkeypatch.delenv("UNEVEN_MADE_BY")
    assert is_whole(attempt(spec))
    assert "made by 'a card'" in caplog.text


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[2_000] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: flip(folder / "bass.wav"),
        lambda folder: os.truncate(folder / "vocals.wav", 5_000),
        lambda folder: (folder / "drums.wav").unlink(),
        lambda folder: (folder / "checkpoint.json").write_bytes(b"{"),
        lambda folder: (folder / "checkpoint.json").write_bytes(b""),
    ],
    ids=["a flipped bit", "a short file", "a missing file", "half a record", "an empty record"],
)
def test_a_damaged_checkpoint_is_told_of_and_left_out(
    spec: JobSpec, harm: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    whole = attempt(elsewhere(spec))
    stopped(spec)
    harm(record_of(spec).parent)
    again = attempt(spec)
    assert is_whole(again) and again.stems == whole.stems
    assert "a checkpoint is not used" in caplog.text
    assert left_behind(spec) == []


def test_what_was_written_after_the_last_checkpoint_is_cut_off(spec: JobSpec) -> None:
    whole = attempt(elsewhere(spec))
    stopped(spec)
    for stem in record_of(spec).parent.glob("*.wav"):
        with stem.open("ab") as file:
            file.write(b"never said to be finished")
    again = attempt(spec)
    assert not is_whole(again) and again.stems == whole.stems


def test_of_two_attempts_the_one_that_came_further_is_continued(spec: JobSpec) -> None:
    stopped(spec, at=20)
    (further,) = left_behind(spec)
    hidden = further.rename(spec.job_dir / "aside")
    stopped(spec, at=9)
    (shorter,) = left_behind(spec)
    frames = [
        json.loads((at / "checkpoint.json").read_text())["frames"] for at in (hidden, shorter)
    ]
    assert frames[0] > frames[1]
    hidden.rename(further)
    assert attempt(spec).details["resumed_at_s"] == pytest.approx(frames[0] / 44_100, abs=0.001)
    assert left_behind(spec) == []


def test_a_kill_while_the_finished_part_is_copied_loses_nothing(
    spec: JobSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(spec)
    before = left_behind(spec)

    def killed(checkpoints: Checkpoints) -> None:
        raise WorkerLost("in the middle of the copy")

    with monkeypatch.context() as patched:
        patched.setattr(Checkpoints, "copying", killed)
        with pytest.raises(WorkerLost):
            attempt(spec)
    assert left_behind(spec) == before
    assert not is_whole(attempt(spec))


def test_a_suspended_attempt_that_wakes_up_changes_nothing_of_the_next(spec: JobSpec) -> None:
    whole = attempt(elsewhere(spec))
    asleep, awake = threading.Event(), threading.Event()
    ends: list[BaseException] = []

    def sleep() -> None:
        asleep.set()
        assert awake.wait(60)

    def old_attempt() -> None:
        try:
            stopped(spec, then=sleep)
        except BaseException as error:
            ends.append(error)

    thread = threading.Thread(target=old_attempt)
    thread.start()
    assert asleep.wait(60)
    # It stands between two windows, its files open. The next attempt takes over, comes further,
    # and the old one wakes up beside it.
    first = Windows.count

    def wake(count: int) -> None:
        if count - first == 4:
            Windows.reached = staticmethod(lambda count: None)
            awake.set()
            thread.join(60)

    Windows.reached = staticmethod(wake)
    new = attempt(spec)
    assert ends == [] and not thread.is_alive()
    assert not is_whole(new) and new.stems == whole.stems
    assert verify_manifest(spec.job_dir) == [] and left_behind(spec) == []


def test_the_manifest_says_where_it_went_on_and_keeps_its_schema(spec: JobSpec) -> None:
    stopped(spec)
    outcome = attempt(spec)
    details = json.loads((spec.job_dir / "manifest.json").read_text())["stages"][1]["details"]
    assert 0 < details["resumed_at_s"] < 1.5 and details == outcome.details
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(json.loads(outcome.manifest.model_dump_json()), manifest_schema())


def test_a_cancel_is_heard_while_the_finished_part_is_copied(spec: JobSpec) -> None:
    stopped(spec)
    copied = threading.Event()

    def check() -> None:
        folders = [path for path in left_behind(spec) if not (path / "checkpoint.json").exists()]
        if any((path / "drums.wav").exists() for path in folders):
            copied.set()
            raise Cancelled("now")

    with pytest.raises(Cancelled):
        attempt(spec, check=check)
    assert copied.is_set() and len(left_behind(spec)) == 1
    assert not is_whole(attempt(spec))


def test_a_checkpoint_tells_of_no_frame_that_is_not_in_every_file(tmp_path: Path) -> None:
    folder = tmp_path / "stage"
    folder.mkdir()
    block = make_samples(2.0)
    kept = Checkpoints(folder, key="k", every_s=1e-9)
    with StemWriters(folder, ["one", "two"], kept) as writers:
        for _ in range(3):
            writers.write({"one": block, "two": -block})
            record = json.loads((folder / "checkpoint.json").read_text())
            assert record["frames"] == writers.frames
            for stem, saved in record["files"].items():
                size = (folder / f"{stem}.wav").stat().st_size
                assert (
                    saved["stop"] == size and saved["stop"] - saved["start"] == 8 * writers.frames
                )
    assert writers.frames == 3 * block.shape[1] > BLOCK_FRAMES


def test_a_separator_without_checkpoints_in_the_place_of_one_that_failed_starts_over(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "stage"
    folder.mkdir()
    song = make_song(tmp_path / "song.wav")
    kept = Checkpoints(folder, key="k", every_s=1e-9)
    with StemWriters(folder, ["vocals"], kept) as writers:
        writers.write({"vocals": make_samples(1.0)})
    kept.resumed_frames = 10
    assert (folder / "checkpoint.json").exists()
    separate_with(FakeSeparator(SeparatorOptions()), song, folder, ignore_progress, kept)
    assert not (folder / "checkpoint.json").exists() and kept.resumed_frames == 0
