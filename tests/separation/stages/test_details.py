"""Stems that are split again: children plus residual are the parent."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from separation.audio.blocks import BlockReader, StemWriters
from separation.base import SeparatorIdentity, SeparatorModel, SeparatorOptions, Validation
from separation.errors import DiskFull, InvalidOptions, ModelUnavailable, OutputInvalid
from separation.families import child_name
from separation.progress import Report, ignore_progress
from separation.request.splits import SplitRequest
from separation.settings import CoreSettings, IntakeLimits
from separation.stages.base import StageContext, StageResult
from separation.stages.details import DetailsParams, DetailsStage, _child_names
from tests.separation.fakes import GAINS, FakeSeparator
from tests.separation.stages.stage_world import make_context, run, samples_of, sound

SONG = sound(1)
STEMS = {"drums": sound(2), "vocals": sound(3)}


class Overlapping(FakeSeparator):
    """A guitar is in "guitar" and in "strings"."""

    @property
    def is_overlapping(self) -> bool:
        return True


def fakes(name: str, options: SeparatorOptions) -> SeparatorModel:
    return {"fake": FakeSeparator, "overlapping": Overlapping}[name](options)


def context(tmp_path: Path) -> StageContext:
    return replace(make_context(tmp_path, SONG, STEMS), separators=fakes)


def stage(*splits: dict[str, Any]) -> DetailsStage:
    asked = [SplitRequest(**{"separator": "fake", **split}) for split in splits]
    return DetailsStage(DetailsParams(splits=tuple(asked)))


def done(tmp_path: Path, *splits: dict[str, Any]) -> tuple[StageResult, StageContext]:
    return run(stage(*splits), context(tmp_path))


def test_each_child_has_its_place_under_its_parent(tmp_path: Path) -> None:
    result, _ = done(tmp_path, {"stem": "drums"}, {"stem": "vocals", "stems": ("bass",)})
    placed = [(track.name, track.folder, track.file_stem, track.parent) for track in result.tracks]
    drums = [*GAINS, "residual"]
    assert placed == [
        *((f"drums__{child}", "details/drums", child, "drums") for child in drums),
        ("vocals__bass", "details/vocals", "bass", "vocals"),
        ("vocals__residual", "details/vocals", "residual", "vocals"),
    ]
    assert result.warnings == ("drums: A fake ran.", "vocals: A fake ran.")


@pytest.mark.parametrize("stems", [None, ("bass",)])
def test_children_and_residual_sum_to_the_parent(tmp_path: Path, stems: Any) -> None:
    result, after = done(tmp_path, {"stem": "drums", "stems": stems})
    total = sum(samples_of(after, track.name) for track in result.tracks)
    assert np.allclose(total, STEMS["drums"], atol=1e-6)
    bass = samples_of(after, child_name("drums", "bass"))
    assert np.allclose(bass, GAINS["bass"] * STEMS["drums"], atol=1e-6)


def test_the_song_itself_can_be_split(tmp_path: Path) -> None:
    _, after = done(tmp_path, {"stem": "song"})
    assert np.allclose(samples_of(after, "song__vocals"), GAINS["vocals"] * SONG, atol=1e-6)


def test_a_parent_that_is_no_file_is_split_as_well(tmp_path: Path) -> None:
    before = context(tmp_path)
    halved = before.tracks["drums"].scaled(
        0.5, name="drums", folder="fake_output", stage="separation"
    )
    before = replace(before, tracks={**before.tracks, "drums": halved})
    _, after = run(stage({"stem": "drums"}), before)
    wanted = 0.5 * GAINS["bass"] * STEMS["drums"]
    assert np.allclose(samples_of(after, "drums__bass"), wanted, atol=1e-6)
    assert not list(after.out_dir.glob(".*")), "what was made of it for the separator is gone"


def test_stems_that_overlap_have_no_residual_and_say_so(tmp_path: Path) -> None:
    result, _ = done(tmp_path, {"stem": "drums", "separator": "overlapping"})
    assert "drums__residual" not in [track.name for track in result.tracks]
    told = result.details["splits"]["drums"]
    assert told["is_overlapping"] is True
    assert told["residual_dbfs"] is None


class Residual(SeparatorModel):
    """A stem that is called as what is left over is."""

    name = "residual"

    def separate(
        self, input_path: Path, output_dir: Path, *, report: Report = ignore_progress
    ) -> dict[str, Path]:
        with BlockReader(input_path) as song, StemWriters(output_dir, ["residual"]) as writers:
            for block in song.blocks():
                writers.write({"residual": np.float32(0.5) * block})
            return writers.paths

    def validate(self) -> Validation:
        return Validation(True)

    def get_supported_tracks(self) -> list[str]:
        return ["residual"]

    def identity(self) -> SeparatorIdentity:
        return SeparatorIdentity("residual", "residual", "1", "0" * 64)


def test_a_stem_that_is_called_residual_stays_apart_from_what_is_left(tmp_path: Path) -> None:
    before = replace(context(tmp_path), separators=lambda name, options: Residual(options))
    result, after = run(stage({"stem": "drums"}), before)
    assert [track.name for track in result.tracks] == ["drums__residual_", "drums__residual"]
    total = sum(samples_of(after, track.name) for track in result.tracks)
    assert np.allclose(total, STEMS["drums"], atol=1e-6)


def test_odd_names_of_stems_become_names_of_files_and_stay_apart() -> None:
    assert _child_names(["No Reverb", "No-Reverb", "Stem (2)", "?"]) == [
        "No_Reverb",
        "No_Reverb_",
        "Stem_2",
        "part",
    ]


def test_what_ran_is_told_for_each_parent(tmp_path: Path) -> None:
    result, _ = done(tmp_path, {"stem": "drums"})
    told = result.details["splits"]["drums"]
    assert (told["separator"], told["model"], told["stems"]) == ("fake", "plain", list(GAINS))
    assert told["residual_dbfs"] < -100


def test_a_silent_child_is_no_fault_but_a_broken_one_is(tmp_path: Path) -> None:
    _, after = done(tmp_path, {"stem": "drums", "model": "silent"})
    assert not samples_of(after, "drums__vocals").any()
    with pytest.raises(OutputInvalid, match="vocals"):
        done(tmp_path / "other", {"stem": "drums", "model": "nan"})


@pytest.mark.parametrize(
    ("split", "error", "said"),
    [
        ({"stem": "flute"}, InvalidOptions, "no stem 'flute'.*drums, vocals, song"),
        ({"stem": "residual"}, InvalidOptions, "no stem 'residual'"),
        ({"stem": "drums", "stems": ("kick",)}, InvalidOptions, "no stem 'kick' here"),
        ({"stem": "drums", "model": "unusable"}, ModelUnavailable, "needs a card"),
    ],
)
def test_what_cannot_be_split_is_refused_before_any_work(
    tmp_path: Path, split: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        stage(split).validate_input(context(tmp_path))


def test_no_room_for_the_parts_is_told_before_they_are_begun(tmp_path: Path) -> None:
    full = CoreSettings(limits=IntakeLimits(min_free_bytes=1 << 60))
    runs = FakeSeparator.runs
    splits = ({"stem": "drums"}, {"stem": "vocals", "stems": ("bass",)})
    with pytest.raises(DiskFull, match="5 files as long as the song"):
        run(stage(*splits), replace(context(tmp_path), settings=full))
    assert FakeSeparator.runs == runs


def test_the_key_names_what_would_run_for_each_parent(tmp_path: Path) -> None:
    before = context(tmp_path)
    keys = [
        stage({"stem": "drums"}).key_material(before),
        stage({"stem": "drums", "model": "loud"}).key_material(before),
        stage({"stem": "vocals"}).key_material(before),
    ]
    assert keys[0]["drums"]["model"] == "plain"
    assert keys[0] != keys[1] != keys[2]
    assert "device" not in keys[0]["drums"]


def test_two_parents_share_the_bar(tmp_path: Path) -> None:
    told: list[float] = []
    before = replace(context(tmp_path), report=lambda share, message="": told.append(share))
    run(stage({"stem": "drums"}, {"stem": "vocals"}), before)
    assert told == sorted(told)
    assert 0.5 in told
    assert told[-1] == 1.0
