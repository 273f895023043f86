"""One common gain to a target level, under a true-peak ceiling."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyloudnorm
import pytest
from scipy.signal import resample_poly

from separation.audio.blocks import FloatArray
from separation.errors import Cancelled, InvalidOptions
from separation.protocol.jobspec import StageRequest
from separation.stages.base import StageContext, StageResult
from separation.stages.normalization import NormalizationParams, NormalizationStage
from separation.stages.registry import build_stage
from tests.separation.stages.stage_world import RATE_HZ, make_context, run, samples_of, sound

FRAMES = 80_000  # more than one block of reading
DRUMS, VOCALS = sound(30, FRAMES), sound(31, FRAMES)
STEMS = {"drums": DRUMS, "vocals": VOCALS}
SONG = DRUMS + VOCALS + 0.1 * sound(32, FRAMES)

# Four points a sample miss the crest of a tone at a quarter of the rate by up to
# 20 log10 cos(pi / 16) = 0.17 dB (BS.1770, annex 2), lower tones by less.
TRUE_PEAK_DB = 0.2


def normalized(
    tmp_path: Path,
    song: FloatArray = SONG,
    stems: dict[str, FloatArray] | None = None,
    **params: Any,
) -> tuple[StageResult, StageContext]:
    context = make_context(tmp_path, song, STEMS if stems is None else stems)
    return run(NormalizationStage(NormalizationParams(**params)), context)


def rms_db(samples: FloatArray) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2)))


def true_peak_db(samples: FloatArray) -> float:
    dense = resample_poly(samples.astype(np.float64), 16, 1, axis=-1)
    return float(20 * np.log10(np.abs(dense).max()))


def sum_of_normalized(context: StageContext) -> FloatArray:
    names = [name for name in context.tracks if name.endswith("_normalized")]
    return np.sum([samples_of(context, name) for name in names], axis=0)


def test_the_song_comes_to_the_target_and_the_tracks_still_sum_to_it(tmp_path: Path) -> None:
    result, context = normalized(tmp_path)
    assert [(t.name, t.folder, t.file_stem, t.stage) for t in result.tracks] == [
        (f"{name}_normalized", "normalized", name, "normalization")
        for name in ("drums", "vocals", "residual")
    ]
    total = sum_of_normalized(context)
    assert rms_db(total) == pytest.approx(-20.0, abs=1e-3)
    gain = 10 ** (result.details["gain_db"] / 20)
    # Rounding of three values below 1 to float32.
    assert np.max(np.abs(total - gain * SONG)) < 1e-6
    assert np.max(np.abs(samples_of(context, "drums_normalized") - gain * DRUMS)) < 1e-6
    assert result.details["measured_db"] == pytest.approx(rms_db(SONG), abs=1e-3)
    assert result.details["limited_by_ceiling"] is False
    assert result.warnings == ()
    assert [path.name for path in (tmp_path / "work/normalization").iterdir()] == ["levels.json"]


def test_loudness_can_be_the_measure(tmp_path: Path) -> None:
    _, context = normalized(tmp_path, measure="lufs", target_db=-23.0)
    total = sum_of_normalized(context)
    # pyloudnorm computes the filters of BS.1770 from rounded parameters.
    meter = pyloudnorm.Meter(RATE_HZ)
    assert meter.integrated_loudness(total.T) == pytest.approx(-23.0, abs=0.1)
    assert abs(rms_db(total) + 23.0) > 0.3


def test_each_track_can_be_brought_to_the_target_by_itself(tmp_path: Path) -> None:
    stems = {"drums": DRUMS, "vocals": 0.1 * VOCALS}
    result, context = normalized(tmp_path, stems=stems, mode="each", target_db=-23.0)
    reached = {t.name: rms_db(samples_of(context, t.name)) for t in result.tracks}
    assert reached == pytest.approx(dict.fromkeys(reached, -23.0), abs=1e-3)
    assert set(reached) == {f"{name}_normalized" for name in ("drums", "vocals", "residual")}
    gains = result.details["gains_db"]
    assert gains["vocals"] - gains["drums"] > 15.0
    assert result.details["gain_db"] is None and result.warnings == ()


def test_by_itself_a_track_stops_at_the_ceiling_and_a_silent_one_stays_silent(
    tmp_path: Path,
) -> None:
    click = np.zeros((2, FRAMES), np.float32)
    click[:, 4000] = 0.5
    faint = (1e-5 * VOCALS).astype(np.float32)
    stems = {"click": click, "faint": faint, "silent": np.zeros_like(click)}
    result, context = normalized(tmp_path, stems=stems, mode="each")
    gains = result.details["gains_db"]
    assert true_peak_db(samples_of(context, "click_normalized")) == pytest.approx(
        -1.0, abs=TRUE_PEAK_DB
    )
    assert gains["faint"] == 40.0 and gains["silent"] == 0.0
    assert not samples_of(context, "silent_normalized").any()
    silent, raised, limited = result.warnings
    assert silent.startswith("silent: silent, so")
    assert raised == "faint: so faint that it was raised by 40 dB only."
    assert limited.startswith("click: ") and "-1.0 dBTP" in limited


def test_the_ceiling_limits_the_gain_for_all_tracks_alike(tmp_path: Path) -> None:
    result, context = normalized(tmp_path, target_db=-3.0, true_peak_ceiling_dbtp=-2.0)
    peaks = {t.name: true_peak_db(samples_of(context, t.name)) for t in result.tracks}
    assert max(peaks.values()) == pytest.approx(-2.0, abs=TRUE_PEAK_DB)
    assert result.details["limited_by_ceiling"] is True
    reached = rms_db(sum_of_normalized(context))
    assert reached < -4.0
    assert f"{reached:.1f} dBFS (RMS) instead of -3.0" in result.warnings[0]
    assert "-2.0 dBTP" in result.warnings[0]


def test_a_stem_that_is_louder_than_the_song_counts(tmp_path: Path) -> None:
    boom = 6 * DRUMS
    stems = {"drums": boom, "other": SONG - boom}
    result, context = normalized(tmp_path, stems=stems)
    assert result.details["limited_by_ceiling"] is True
    for track in result.tracks:
        assert true_peak_db(samples_of(context, track.name)) < -1.0 + TRUE_PEAK_DB


def test_a_recipe_that_is_louder_than_all_files_counts(tmp_path: Path) -> None:
    inverted = {name: np.float32(-0.8) * SONG for name in ("drums", "other")}
    result, context = normalized(tmp_path, stems=inverted, target_db=-10.0)
    assert result.details["limited_by_ceiling"] is True
    loudest = true_peak_db(samples_of(context, "residual_normalized"))
    assert loudest == pytest.approx(-1.0, abs=TRUE_PEAK_DB)


def test_a_single_sample_counts_in_full_though_interpolation_would_lower_it(tmp_path: Path) -> None:
    click = np.zeros((2, FRAMES), dtype=np.float32)
    click[0, 40_000] = 0.9
    result, context = normalized(tmp_path, click, {"drums": click}, target_db=-20.0)
    assert result.details["limited_by_ceiling"] is True
    # Exact but for float32: one value times one gain.
    peak = np.abs(samples_of(context, "drums_normalized")).max()
    assert peak == pytest.approx(10 ** (-1.0 / 20), rel=1e-6)


def test_peaks_between_the_samples_count(tmp_path: Path) -> None:
    """A sine at a quarter of the rate, its samples beside its crests, hides 3 dB of its peak."""
    time = np.arange(FRAMES)
    hidden = np.tile(0.5 * np.sin(np.pi / 2 * time + np.pi / 4), (2, 1))
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 2000)
    hidden = (hidden * fade).astype(np.float32)
    # Louder by its samples, and yet the lower true peak.
    open_tone = (0.4 * np.sin(2 * np.pi * 0.01 * time) * fade).astype(np.float32)
    stems = {"hidden": hidden, "open": np.stack([open_tone, open_tone])}
    result, context = normalized(tmp_path, hidden, stems, target_db=0.0)
    assert result.details["limited_by_ceiling"] is True
    loudest = max(true_peak_db(samples_of(context, t.name)) for t in result.tracks)
    assert loudest == pytest.approx(-1.0, abs=TRUE_PEAK_DB)
    residual = hidden - hidden - stems["open"]
    assert np.allclose(samples_of(context, "residual"), residual, atol=1e-6)


def test_silence_keeps_its_level_and_is_named(tmp_path: Path) -> None:
    silence = np.zeros((2, 5000), dtype=np.float32)
    result, context = normalized(tmp_path, silence, {"drums": silence, "vocals": silence})
    assert result.details["gain_db"] == 0.0
    assert result.details["measured_db"] is None
    assert "silent" in result.warnings[0]
    assert not samples_of(context, "drums_normalized").any()


def test_too_short_a_song_for_a_loudness_keeps_its_level(tmp_path: Path) -> None:
    song = sound(33, 10_000)
    result, _ = normalized(tmp_path, song, {"vocals": song}, measure="lufs")
    assert result.details["gain_db"] == 0.0
    assert "shorter than 0.4 s" in result.warnings[0]


def test_nothing_to_normalize_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(InvalidOptions, match="no tracks to normalize"):
        normalized(tmp_path, stems={})


@pytest.mark.parametrize(
    "params", [{"target_db": 1}, {"target_db": -61}, {"measure": "peak"}, {"ceiling": -1}]
)
def test_a_parameter_out_of_range_is_refused_by_name(params: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptions, match=next(iter(params))):
        build_stage(StageRequest(name="normalization", params=params))


def test_progress_never_falls_and_a_cancel_passes_through(tmp_path: Path) -> None:
    seen: list[float] = []

    def report(fraction: float, message: str = "") -> None:
        seen.append(fraction)
        if fraction > 0.9:
            raise Cancelled("Cancelled.")

    context = make_context(tmp_path, SONG, STEMS)
    with pytest.raises(Cancelled):
        run(NormalizationStage(NormalizationParams()), replace(context, report=report))
    assert seen == sorted(seen)
    assert any(0 < fraction < 0.9 for fraction in seen) and 0.9 < seen[-1] <= 1.0
