"""SDR over a whole song and SI-SDR, against their formulas."""

import numpy as np
import pytest

from separation.evaluation.whole_song import MDX_DELTA, WholeSong
from tests.separation.evaluation.songs import Floats, stems


def summed(truth: Floats, estimate: Floats, *, block: int = 1_000) -> WholeSong:
    """(stems, channels, frames), added block by block."""
    sums = WholeSong(len(truth))
    for start in range(0, truth.shape[2], block):
        sums.add(truth[:, :, start : start + block], estimate[:, :, start : start + block])
    return sums


@pytest.fixture
def truth() -> Floats:
    return np.stack(list(stems(0.2).values()))


def test_sdr_is_that_of_the_music_demixing_challenge_whatever_the_blocks(truth: Floats) -> None:
    estimate = truth + 0.1 * truth[::-1]
    # As the starter kit of the challenge writes it.
    signal = np.sum(np.square(truth), axis=(1, 2)) + 1e-7
    noise = np.sum(np.square(truth - estimate), axis=(1, 2)) + 1e-7
    for block in (1_000, 777, 10_000):
        found = summed(truth, estimate, block=block).sdr()
        np.testing.assert_allclose(found, 10 * np.log10(signal / noise), atol=1e-9)


def test_an_error_of_a_tenth_is_20_db(truth: Floats) -> None:
    np.testing.assert_allclose(summed(truth, 0.9 * truth).sdr(), 20.0, atol=1e-4)


def test_a_perfect_estimate_is_as_good_as_the_delta_lets_it_be(truth: Floats) -> None:
    energy = np.sum(truth**2, axis=(1, 2))
    wanted = 10 * np.log10((energy + MDX_DELTA) / MDX_DELTA)
    np.testing.assert_allclose(summed(truth, truth).sdr(), wanted, atol=1e-9)


def test_si_sdr_does_not_care_for_level_and_sdr_does(truth: Floats) -> None:
    noisy = truth + 0.3 * np.roll(truth, 500, axis=2)
    loud, quiet = summed(truth, noisy), summed(truth, 0.1 * noisy)
    np.testing.assert_allclose(loud.si_sdr(), quiet.si_sdr(), atol=1e-9)
    assert np.all(loud.sdr() > quiet.sdr() + 5)


def test_si_sdr_of_noise_at_right_angles_is_its_level() -> None:
    time = np.arange(44_100) / 44_100
    tone, other = np.sin(2 * np.pi * 100 * time), np.sin(2 * np.pi * 200 * time)
    truth, estimate = np.stack([[tone, tone]]), np.stack([[tone, tone]]) + 0.1 * other
    np.testing.assert_allclose(summed(truth, estimate).si_sdr(), 20.0, atol=1e-9)


def test_si_sdr_of_silence_is_undefined(truth: Floats) -> None:
    assert np.isnan(summed(truth, np.zeros_like(truth)).si_sdr()).all()
    assert np.isnan(summed(np.zeros_like(truth), truth).si_sdr()).all()
