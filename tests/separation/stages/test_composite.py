"""Sums and differences of stems."""

from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest

from separation.audio.blocks import FloatArray
from separation.errors import InvalidOptions
from separation.stages.base import StageContext, StageResult
from separation.stages.composite import CompositeParams, CompositeStage
from tests.separation.stages.stage_world import make_context, run, samples_of, sound

STEMS = {
    name: sound(seed) for seed, name in enumerate(("drums", "bass", "other", "vocals"), start=10)
}
LEFT_OVER = 0.1 * sound(20)
SONG = sum(STEMS.values()) + LEFT_OVER
BACKING = STEMS["drums"] + STEMS["bass"] + STEMS["other"]

HALVES = ("harmonic", "percussive")

# Sums of a few float32 values below 2, once in the order of the recipe, once in that of the test.
ROUNDING = 1e-6


def composite(
    tmp_path: Path,
    stems: dict[str, FloatArray] | None = None,
    wanted: tuple[str, ...] | None = None,
    **params: Any,
) -> tuple[StageResult, StageContext]:
    context = make_context(tmp_path, SONG, STEMS if stems is None else stems, stems=wanted)
    return run(CompositeStage(CompositeParams(**params)), context)


def assert_is(context: StageContext, name: str, wanted: np.ndarray) -> None:
    assert np.max(np.abs(samples_of(context, name) - wanted)) < ROUNDING


def test_main_and_instrumental_are_every_stem_but_vocals(tmp_path: Path) -> None:
    result, context = composite(tmp_path)
    assert [track.name for track in result.tracks] == [
        "main",
        "main_harmonic",
        "main_percussive",
        "instrumental",
    ]
    assert {track.folder for track in result.tracks} == {"composite"}
    assert_is(context, "main", BACKING)
    assert_is(context, "instrumental", BACKING)
    assert result.warnings == ()


def test_main_splits_into_parts_that_sum_to_it(tmp_path: Path) -> None:
    _, context = composite(tmp_path)
    harmonic, percussive = (samples_of(context, f"main_{part}") for part in HALVES)
    assert np.max(np.abs(harmonic + percussive - BACKING)) < ROUNDING
    wanted, _ = librosa.effects.hpss(BACKING)
    # 1e-4 is the contract; float32 spectra leave about 1e-7.
    assert np.linalg.norm(harmonic - wanted) < 1e-5 * np.linalg.norm(wanted)


def test_only_the_harmonic_part_of_main_is_written(tmp_path: Path) -> None:
    composite(tmp_path, minus=True)
    assert [p.name for p in (tmp_path / "work/composite").iterdir()] == ["main_harmonic.wav"]


def test_minus_is_the_song_without_each_stem(tmp_path: Path) -> None:
    _, context = composite(tmp_path, minus=True)
    for name, samples in STEMS.items():
        assert_is(context, f"minus_{name}", SONG - samples)


def test_minus_is_made_only_on_request(tmp_path: Path) -> None:
    result, _ = composite(tmp_path)
    assert not [track for track in result.tracks if track.name.startswith("minus_")]


def test_main_leaves_out_what_it_is_told_to(tmp_path: Path) -> None:
    _, context = composite(tmp_path, main_excludes=("vocals", "drums"))
    assert_is(context, "main", STEMS["bass"] + STEMS["other"])
    assert_is(context, "instrumental", BACKING)


def test_main_can_be_named_stem_by_stem(tmp_path: Path) -> None:
    _, context = composite(tmp_path, main_stems=("vocals", "bass", "bass"))
    assert_is(context, "main", STEMS["vocals"] + STEMS["bass"])


def test_an_unknown_stem_of_main_is_refused_with_the_stems_there_are(tmp_path: Path) -> None:
    with pytest.raises(InvalidOptions, match=r"guitar.*drums, bass, other, vocals"):
        composite(tmp_path, main_stems=("guitar",))


def test_vocals_alone_leave_the_rest_of_the_song_as_main(tmp_path: Path) -> None:
    result, context = composite(tmp_path, {"vocals": STEMS["vocals"]}, wanted=("vocals",))
    assert_is(context, "main", SONG - STEMS["vocals"])
    assert_is(context, "instrumental", SONG - STEMS["vocals"])
    assert result.warnings == ()


def test_some_stems_do_not_pass_for_all_of_them(tmp_path: Path) -> None:
    some = {name: STEMS[name] for name in ("drums", "vocals")}
    _, context = composite(tmp_path, some, wanted=("drums", "vocals"))
    assert_is(context, "instrumental", SONG - STEMS["vocals"])


def test_without_vocals_main_is_what_there_is_and_a_warning_says_so(tmp_path: Path) -> None:
    some = {name: STEMS[name] for name in ("drums", "bass")}
    result, context = composite(tmp_path, some, wanted=("drums", "bass"))
    assert_is(context, "main", STEMS["drums"] + STEMS["bass"])
    assert "instrumental" not in context.tracks
    assert "drums, bass" in result.warnings[0]
    assert "vocals" in result.warnings[0]
    assert "no instrumental" in result.warnings[1]


def test_karaoke_takes_the_rest_that_the_separator_gave(tmp_path: Path) -> None:
    pair = {"vocals": STEMS["vocals"], "no_vocals": BACKING}
    result, context = composite(tmp_path, pair, minus=True)
    assert_is(context, "main", BACKING)
    assert_is(context, "instrumental", BACKING)
    assert_is(context, "minus_vocals", SONG - STEMS["vocals"])
    assert "minus_no_vocals" not in {track.name for track in result.tracks}


def test_no_stems_at_all_is_an_error_in_words(tmp_path: Path) -> None:
    context = make_context(tmp_path, SONG)
    with pytest.raises(InvalidOptions, match="no stems"):
        run(CompositeStage(CompositeParams()), context)
