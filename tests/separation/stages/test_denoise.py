"""A stem with less noise stands beside the stem."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from separation.audio.noise import FULL_DB
from separation.errors import DiskFull, InvalidOptions
from separation.request.splits import DenoiseRequest
from separation.settings import CoreSettings, IntakeLimits
from separation.stages.denoise import DenoiseParams, DenoiseStage
from tests.separation.stages.stage_world import make_context, run, samples_of, sound

LENGTH = 3 * 44_100


def hiss() -> np.ndarray:
    return np.random.default_rng(2).normal(0, 0.01, (2, LENGTH)).astype(np.float32)


def stage(**strengths: float) -> DenoiseStage:
    asked = [DenoiseRequest(stem=stem, strength=value) for stem, value in strengths.items()]
    return DenoiseStage(DenoiseParams(stems=tuple(asked)))


def test_the_reduced_stem_is_a_track_of_its_own(tmp_path: Path) -> None:
    stems = {"vocals": hiss(), "drums": sound(3, LENGTH)}
    result, after = run(stage(vocals=1.0), make_context(tmp_path, sound(1, LENGTH), stems))
    (track,) = result.tracks
    assert (track.name, track.folder, track.file_stem) == ("vocals_denoised", "denoised", "vocals")
    assert track.parent == "vocals"
    made, inner = samples_of(after, "vocals_denoised"), slice(44_100, 2 * 44_100)
    change = np.sum(made[:, inner] ** 2) / np.sum(stems["vocals"][:, inner] ** 2)
    assert 10 * np.log10(change) == pytest.approx(-FULL_DB, abs=1.0)
    assert np.array_equal(samples_of(after, "vocals"), stems["vocals"])
    assert result.warnings == ()


def test_a_song_too_short_to_tell_is_kept_with_a_warning(tmp_path: Path) -> None:
    stems = {"vocals": sound(2)}
    result, after = run(stage(vocals=1.0), make_context(tmp_path, sound(1), stems))
    assert np.array_equal(samples_of(after, "vocals_denoised"), stems["vocals"])
    assert "shorter than 1.7 s" in result.warnings[0]


def test_a_stem_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    context = make_context(tmp_path, sound(1), {"vocals": sound(2)})
    with pytest.raises(InvalidOptions, match=r"no stem 'drums'.*There are: vocals"):
        stage(drums=0.5).validate_input(context)


def test_no_room_is_told_before_anything_is_written(tmp_path: Path) -> None:
    context = make_context(tmp_path, sound(1), {"vocals": sound(2)})
    full = CoreSettings(limits=IntakeLimits(min_free_bytes=1 << 60))
    with pytest.raises(DiskFull, match="1 files as long"):
        run(stage(vocals=0.5), replace(context, settings=full))
