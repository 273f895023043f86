"""What is kept to the very end of a stage, and what is not taken up again."""

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from separation.audio.blocks import StemWriters
from separation.base import ResumableSeparator
from separation.errors import Cancelled, DiskFull, WorkerLost
from separation.pipeline import run
from separation.pipeline.receipts import seal_files
from separation.protocol.jobspec import JobSpec
from separation.registry import SeparatorFactory
from separation.storage.checkpoints import Checkpoints, find_earlier
from tests.separation.fakes import make_samples, make_song, make_spec, separation_request
from tests.separation.interrupted import Outcome, attempt, elsewhere, left_behind
from tests.separation.small_models import noise, save_song, save_th, small_htdemucs

A_WINDOW_AND_LESS = 0.1
SEVERAL_WINDOWS = 1.5


def uneven(tmp_path: Path, seconds: float = SEVERAL_WINDOWS) -> JobSpec:
    song = make_song(tmp_path / "song.wav", seconds)
    return make_spec(tmp_path, separation_request(separator="uneven"), song=song)


def stopped_while_sealing(spec: JobSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt that ends when all stems are written and before there is a receipt."""
    seal = seal_files

    def ends(folder: Path, check: Callable[[], None]) -> Any:
        if "separation" in folder.name:
            raise WorkerLost("killed")
        return seal(folder, check)

    with monkeypatch.context() as patched:
        patched.setattr(run, "seal_files", ends)
        with pytest.raises(WorkerLost):
            attempt(spec)


def began_anew(outcome: Outcome) -> bool:
    return outcome.details["resumed_at_s"] is None


@pytest.mark.parametrize("seconds", [A_WINDOW_AND_LESS, SEVERAL_WINDOWS])
def test_a_kill_while_finished_stems_are_hashed_costs_no_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    spec = uneven(tmp_path, seconds)
    whole = attempt(elsewhere(spec))
    stopped_while_sealing(spec, monkeypatch)
    resumed = attempt(spec)
    assert resumed.windows == 0 and resumed.stems == whole.stems
    assert left_behind(spec) == []
    names = {path.name for path in (spec.job_dir / "work" / "separation").iterdir()}
    assert names == {"drums.wav", "bass.wav", "vocals.wav", "receipt.json"}


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "no room for two copies"), KeyError("a fault of ours")]
)
def test_a_copy_that_cannot_be_made_is_not_tried_in_every_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    spec = uneven(tmp_path)
    stopped_while_sealing(spec, monkeypatch)

    def fails(checkpoints: Checkpoints) -> None:
        raise error

    monkeypatch.setattr(Checkpoints, "copying", fails)
    with pytest.raises(DiskFull if isinstance(error, OSError) else Exception):
        attempt(spec)
    assert left_behind(spec) == []
    assert began_anew(attempt(spec))


@pytest.mark.parametrize(
    "change",
    [
        {"start": +4},
        {"stop": -8},
        {"start": +8, "stop": -(10**6)},
        {"start": +(10**6)},
    ],
    ids=["half a sample", "a frame too few", "other bytes", "less than nothing"],
)
def test_a_record_whose_bytes_are_not_its_frames_is_left_out(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    change: dict[str, int],
) -> None:
    spec = uneven(tmp_path)
    whole = attempt(elsewhere(spec))
    stopped_while_sealing(spec, monkeypatch)
    (folder,) = left_behind(spec)
    record = json.loads((folder / "checkpoint.json").read_text())
    for name, by in change.items():
        record["files"]["bass"][name] = max(record["files"]["bass"][name] + by, 0)
    if "start" in change and "stop" not in change:
        # Nothing at all has this checksum.
        record["files"]["bass"]["crc32"] = 0
    (folder / "checkpoint.json").write_text(json.dumps(record))
    again = attempt(spec)
    assert began_anew(again) and again.stems == whole.stems
    assert "has another length" in caplog.text


def test_what_another_version_began_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spec = uneven(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(run, "made_with", lambda: {"stemsite": "0.0.9"})
        stopped_while_sealing(spec, monkeypatch)
    assert began_anew(attempt(spec))
    assert "another request" in caplog.text


def test_half_a_stage_that_other_weights_made_is_not_continued(tmp_path: Path) -> None:
    """A smaller model stands in after a failure under the same key; the next attempt may have the
    larger one again."""
    song = save_song(tmp_path / "song.wav", noise(60_000))
    folders = [tmp_path / "first", tmp_path / "second"]
    taken_up = []
    for seed, (folder, signature) in enumerate(zip(folders, ("aaaa1111", "bbbb2222"), strict=True)):
        folder.mkdir()
        save_th(small_htdemucs(seed), tmp_path, signature)
        separator = SeparatorFactory.create_separator(
            "demucs", repo=tmp_path, model=signature, device="cpu", engine="torch"
        )
        kept = Checkpoints(
            folder, key="the same", every_s=1e-9, earlier=find_earlier(folders[:seed], "the same")
        )
        assert isinstance(separator, ResumableSeparator)
        separator.separate(song, folder, checkpoints=kept)
        taken_up.append(kept.resumed_frames)
    assert taken_up == [0, 0]


def test_what_the_same_weights_made_is_continued(tmp_path: Path) -> None:
    song = save_song(tmp_path / "song.wav", noise(60_000))
    folders = [tmp_path / "first", tmp_path / "second"]
    save_th(small_htdemucs(), tmp_path, "aaaa1111")
    for place, folder in enumerate(folders):
        folder.mkdir()
        separator = SeparatorFactory.create_separator(
            "demucs", repo=tmp_path, model="aaaa1111", device="cpu", engine="torch"
        )
        kept = Checkpoints(
            folder, key="the same", every_s=1e-9, earlier=find_earlier(folders[:place], "the same")
        )
        assert isinstance(separator, ResumableSeparator)
        separator.separate(song, folder, checkpoints=kept)
    assert kept.resumed_frames == 60_000


def test_a_cancel_closes_the_files_of_every_stem(tmp_path: Path) -> None:
    earlier_folder, folder = tmp_path / "earlier", tmp_path / "now"
    for one in (earlier_folder, folder):
        one.mkdir()
    with StemWriters(
        earlier_folder, ["one", "two"], Checkpoints(earlier_folder, key="k", every_s=1e-9)
    ) as writers:
        writers.write({"one": make_samples(0.5), "two": make_samples(0.5)})

    def cancelled(fraction: float, message: str = "") -> None:
        raise Cancelled("now")

    kept = Checkpoints(
        folder,
        key="k",
        every_s=1.0,
        earlier=find_earlier([earlier_folder], "k"),
        report=cancelled,
    )
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(Cancelled):
        StemWriters(folder, ["one", "two"], kept)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
