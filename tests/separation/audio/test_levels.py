import math

import numpy as np
import pyloudnorm
import pytest

from separation.audio.metering.loudness import LevelMeter, Levels, k_weighting
from tests.separation.audio.sounds import tones


def _measure(sound: np.ndarray, rate_hz: int = 44_100, block_frames: int = 10_007) -> Levels:
    meter = LevelMeter(rate_hz, sound.shape[0])
    for start in range(0, sound.shape[1], block_frames):
        meter.write(sound[:, start : start + block_frames])
    return meter.levels()


def _song(seconds: int, rate_hz: int) -> np.ndarray:
    """Loud, soft and nearly silent parts, so that both gates have work."""
    sound = tones(seconds * rate_hz, rate_hz)
    gains = np.repeat([1.0, 0.1, 0.001, 0.0, 0.5], sound.shape[1] // 5)
    return (sound * gains).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_loudness_agrees_with_pyloudnorm(rate_hz: int) -> None:
    sound = _song(10, rate_hz)

    # The same filters; pyloudnorm rounds the edges of its blocks differently.
    expected = pyloudnorm.Meter(rate_hz, filter_class="DeMan").integrated_loudness(sound.T)
    assert _measure(sound, rate_hz).loudness_lufs == pytest.approx(expected, abs=0.02)
    plain = pyloudnorm.Meter(rate_hz).integrated_loudness(sound.T)
    assert _measure(sound, rate_hz).loudness_lufs == pytest.approx(plain, abs=0.1)


def test_the_filter_is_that_of_the_recommendation_at_48_khz() -> None:
    table = [
        [1.53512485958697, -2.69169618940638, 1.19839281085285],
        [1.0, -2.0, 1.0],
    ]
    feedback = [[-1.69065929318241, 0.73248077421585], [-1.99004745483398, 0.99007225036621]]

    sections = k_weighting(48_000)

    assert np.allclose(sections[:, :3], table, atol=1e-6)
    assert np.allclose(sections[:, 4:], feedback, atol=1e-6)


def test_a_full_scale_tone_at_997_hz_in_one_channel_has_minus_3_01_lufs() -> None:
    time_s = np.arange(48_000 * 5) / 48_000
    sound = np.zeros((2, len(time_s)), dtype=np.float32)
    sound[0] = np.sin(2 * np.pi * 997 * time_s)

    # BS.1770-4, annex 1: the calibration of the meter.
    assert _measure(sound, 48_000).loudness_lufs == pytest.approx(-3.01, abs=0.02)


def test_the_size_of_the_blocks_does_not_matter() -> None:
    sound = _song(5, 44_100)

    whole, pieces = _measure(sound, block_frames=10**9), _measure(sound, block_frames=333)

    assert whole.model_dump() == pytest.approx(pieces.model_dump(), abs=1e-6)


def test_peak_and_rms_are_those_of_all_samples() -> None:
    sound = tones(30_000)
    levels = _measure(sound)

    assert levels.frames == 30_000
    assert levels.peak_dbfs == pytest.approx(20 * math.log10(np.abs(sound).max()))
    rms = math.sqrt(np.mean(sound.astype(np.float64) ** 2))
    assert levels.rms_dbfs == pytest.approx(20 * math.log10(rms))


def test_silence_has_no_levels() -> None:
    levels = _measure(np.zeros((2, 44_100), np.float32))

    assert levels == Levels(
        frames=44_100, peak_dbfs=None, rms_dbfs=None, true_peak_dbtp=None, loudness_lufs=None
    )


@pytest.mark.parametrize(("frames", "has_loudness"), [(17_639, False), (17_640, True)])
def test_loudness_begins_at_400_ms(frames: int, has_loudness: bool) -> None:
    levels = _measure(tones(frames))

    assert (levels.loudness_lufs is not None) is has_loudness
    assert levels.rms_dbfs is not None


def test_one_sample_and_mono_are_measured() -> None:
    levels = _measure(np.full((1, 1), 0.5, np.float32))

    assert levels.peak_dbfs == pytest.approx(-6.02, abs=0.01)
    assert levels.rms_dbfs == levels.peak_dbfs
