import numpy as np
import pytest
from scipy.signal import resample_poly, upfirdn

from separation.audio.metering.true_peak import _TAPS, TruePeakMeter
from tests.separation.audio.sounds import tones


def _true_peak(sound: np.ndarray, block_frames: int = 10**9) -> float:
    meter = TruePeakMeter(sound.shape[0])
    for start in range(0, sound.shape[1], block_frames):
        meter.write(sound[:, start : start + block_frames])
    return meter.peak()


def test_the_peak_between_the_samples_of_a_quarter_rate_tone_is_found() -> None:
    """At a quarter of the rate and 45 degrees every sample is 3 dB below the tone's peak."""
    sound = np.sin(np.pi / 2 * np.arange(4000) + np.pi / 4).astype(np.float32)[None]

    assert np.abs(sound).max() == pytest.approx(0.7071, abs=1e-3)
    # The recommendation's filter is good to some 0.2 dB (annex 2, attachment 1).
    tapered = sound * np.hanning(4000).astype(np.float32)
    assert _true_peak(tapered) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("block_frames", [100, 4096, 10**9])
def test_leaving_out_what_cannot_be_the_peak_changes_nothing(block_frames: int) -> None:
    rng = np.random.default_rng(3)
    sound = tones(30_000) * (0.2 + 0.8 * rng.random(30_000)).astype(np.float32)

    everything = np.abs(upfirdn(_TAPS, sound, up=4, axis=-1)).max()

    assert _true_peak(sound, block_frames) == pytest.approx(everything, rel=1e-6)


def test_it_agrees_with_a_long_interpolator_below_a_quarter_of_the_rate() -> None:
    sound = tones(20_000)
    reference = np.abs(resample_poly(sound, 4, 1, axis=-1, window=("kaiser", 12.0))).max()

    assert _true_peak(sound) == pytest.approx(reference, rel=0.03)


def test_blocks_shorter_than_the_filter_are_joined() -> None:
    sound = tones(500)

    assert _true_peak(sound, 3) == pytest.approx(_true_peak(sound), rel=1e-6)


def test_asking_twice_gives_the_same() -> None:
    meter = TruePeakMeter(2)
    meter.write(tones(1000))

    assert meter.peak() == meter.peak() > 0.4
