"""The record of a checkpoint, and the bytes of which it tells."""

import json
from pathlib import Path

import pytest

from separation.storage.checkpoints import (
    RECORD_NAME,
    CheckpointDamaged,
    Checkpoints,
    Earlier,
    find_earlier,
)


def left_with(folder: Path, *, frames: int = 0, start: int = 0, stop: int = 0) -> list[Earlier]:
    """What may be continued where an attempt left such a record."""
    saved = {"start": start, "stop": stop, "crc32": 0}
    record = {"key": "k", "made_by": "cpu", "frames": frames, "files": {"vocals": saved}}
    folder.mkdir()
    (folder / RECORD_NAME).write_text(json.dumps(record))
    return find_earlier([folder], "k")


def test_a_checkpoint_before_the_first_frame_may_be_continued(tmp_path: Path) -> None:
    (found,) = left_with(tmp_path / "left")
    found.check_length(8)


@pytest.mark.parametrize("figures", [{"frames": -1}, {"start": -1}, {"stop": -1}], ids=str)
def test_a_checkpoint_with_impossible_figures_is_removed(
    tmp_path: Path, figures: dict[str, int]
) -> None:
    assert left_with(tmp_path / "left", **figures) == []
    assert not (tmp_path / "left").exists()


@pytest.mark.parametrize(("stop", "fits"), [(79, False), (80, True), (81, False)])
def test_a_checkpoint_must_have_as_many_bytes_as_its_frames(
    tmp_path: Path, stop: int, fits: bool
) -> None:
    (found,) = left_with(tmp_path / "left", frames=10, stop=stop)
    if fits:
        found.check_length(8)
        return
    with pytest.raises(CheckpointDamaged, match="another length"):
        found.check_length(8)


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1], ids=str)
def test_the_bytes_of_a_checkpoint_are_read_as_they_were_written(tmp_path: Path, size: int) -> None:
    folder = tmp_path / "left"
    folder.mkdir()
    data = bytes(n % 251 for n in range(size))
    (folder / "vocals.wav").write_bytes(b"head" + data)
    kept = Checkpoints(folder, key="k", every_s=1.0)
    kept.save(size, {"vocals": folder / "vocals.wav"}, 1, "cpu")
    (found,) = find_earlier([folder], "k")
    assert b"".join(found.read("vocals")) == data


def test_copying_what_was_finished_is_no_progress_of_the_stage(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    kept = Checkpoints(
        tmp_path, key="k", every_s=1.0, report=lambda share, words="": told.append((share, words))
    )
    kept.copying()
    assert told == [(0.0, "Taking up what was finished before")]
