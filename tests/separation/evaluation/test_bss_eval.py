"""BSS Eval v4 against the library that everybody's figures come from."""

import numpy as np
import pytest
from museval.metrics import bss_eval

from separation.evaluation.bss_eval import (
    TAPS,
    WINDOW,
    Correlations,
    FrameSdr,
    Projections,
    medians,
)
from tests.separation.evaluation.songs import Floats, stems

NAMES = ("vocals", "drums")
SAME_DB = 1e-6


def framed_sdr(truth: Floats, estimate: Floats) -> Floats:
    """Medians of frames, by blocks of two frames."""
    frames = FrameSdr(len(truth), truth.shape[2])
    for start in range(0, truth.shape[2], 2 * WINDOW):
        part = slice(start, start + 2 * WINDOW)
        frames.add(truth[:, :, part], estimate[:, :, part])
    return frames.medians()


def projections(truth: Floats, estimate: Floats, *, block: int) -> Projections:
    correlations = Correlations(len(truth), len(estimate))
    for start in range(0, truth.shape[2], block):
        part = slice(start, start + block)
        correlations.add(truth[:, :, part], estimate[:, :, part])
    correlations.finish()
    return Projections(correlations.by_lag(), list(range(len(truth))))


def filtered(truth: Floats, estimate: Floats, *, block: int = 50_000) -> dict[str, Floats]:
    """ISR, SIR and SAR by frame, (stems, frames) each."""
    found = projections(truth, estimate, block=block)
    rows = []
    for start in range(0, truth.shape[2] - WINDOW + 1, WINDOW):
        part = slice(start, start + WINDOW)
        figures = found.figures(truth[:, :, part], estimate[:, :, part], [0, 1])
        rows.append(np.stack(figures))
    return dict(zip(("isr", "sir", "sar"), np.stack(rows, axis=-1), strict=True))


def by_museval(truth: Floats, estimate: Floats) -> dict[str, Floats]:
    """(stems, channels, frames), by ``museval.evaluate``'s own settings for mode v4."""
    as_wanted = (truth.transpose(0, 2, 1), estimate.transpose(0, 2, 1))
    found = bss_eval(*as_wanted, window=WINDOW, hop=WINDOW, compute_permutation=False)
    return dict(zip(("sdr", "isr", "sir", "sar"), found, strict=False))


def in_the_middle(by_frame: Floats) -> Floats:
    return np.asarray(np.nanmedian(by_frame, axis=1))


@pytest.fixture(scope="module")
def truth() -> Floats:
    """3.4 s, with a frame in which the drums are silent."""
    made = np.stack(list(stems(3.4, names=NAMES).values()))
    made[1, :, WINDOW : 2 * WINDOW] = 0.0
    return made


@pytest.fixture(scope="module")
def estimate(truth: Floats) -> Floats:
    """Leaks, an echo, another level in each channel, and noise."""
    noise = np.random.default_rng(5).normal(0.0, 0.004, truth.shape)
    leaks = truth + 0.2 * truth[::-1] + 0.1 * np.roll(truth, 40, axis=2)
    return np.asarray(leaks * np.array([[[0.9], [1.1]]]) + noise)


@pytest.fixture(scope="module")
def reference(truth: Floats, estimate: Floats) -> dict[str, Floats]:
    return by_museval(truth, estimate)


def test_sdr_is_musevals(truth: Floats, estimate: Floats, reference: dict[str, Floats]) -> None:
    wanted = in_the_middle(reference["sdr"])
    np.testing.assert_allclose(framed_sdr(truth, estimate), wanted, atol=SAME_DB, rtol=0)


@pytest.mark.parametrize("block", [50_000, 7_001])
def test_isr_sir_and_sar_are_musevals_in_every_frame_whatever_the_blocks(
    truth: Floats, estimate: Floats, reference: dict[str, Floats], block: int
) -> None:
    found = filtered(truth, estimate, block=block)
    for name, by_frame in found.items():
        assert by_frame.shape == (2, 3)
        np.testing.assert_allclose(by_frame, reference[name], atol=SAME_DB, rtol=0, err_msg=name)
        np.testing.assert_allclose(
            medians(by_frame), in_the_middle(reference[name]), atol=SAME_DB, rtol=0
        )


def test_a_frame_in_which_one_stem_is_silent_counts_for_none(
    truth: Floats, estimate: Floats, reference: dict[str, Floats]
) -> None:
    assert np.isnan(reference["sdr"][:, 1]).all()
    assert np.isnan(filtered(truth, estimate)["sir"][:, 1]).all()
    without = np.concatenate([truth[:, :, :WINDOW], truth[:, :, 2 * WINDOW :]], axis=2)
    kept = np.concatenate([estimate[:, :, :WINDOW], estimate[:, :, 2 * WINDOW :]], axis=2)
    np.testing.assert_allclose(framed_sdr(truth, estimate), framed_sdr(without, kept), atol=1e-9)


def test_silent_is_what_museval_calls_silent(truth: Floats, estimate: Floats) -> None:
    opposite = estimate.copy()
    # Its channels sum to zero: heard by everybody, and silent to museval.
    opposite[0, 1, :WINDOW] = -opposite[0, 0, :WINDOW]
    wanted = by_museval(truth[:, :, : 2 * WINDOW + 99], opposite[:, :, : 2 * WINDOW + 99])["sdr"]
    assert np.isnan(wanted).all()
    found = framed_sdr(truth[:, :, : 2 * WINDOW + 99], opposite[:, :, : 2 * WINDOW + 99])
    assert np.isnan(found).all()


def test_a_song_shorter_than_a_frame_is_one_frame() -> None:
    truth = np.stack(list(stems(0.3, names=NAMES).values()))
    estimate = truth + 0.1 * truth[::-1]
    wanted = by_museval(truth, estimate)["sdr"]
    assert wanted.shape == (2, 1)
    np.testing.assert_allclose(framed_sdr(truth, estimate), wanted[:, 0], atol=SAME_DB, rtol=0)


def test_correlations_of_long_songs_take_no_more_memory() -> None:
    correlations = Correlations(1, 1)
    sound = stems(1.0, names=("vocals",))["vocals"][None]
    for _ in range(20):
        correlations.add(sound, sound)
    held = sum(
        value.nbytes for value in vars(correlations).values() if isinstance(value, np.ndarray)
    )
    assert held < 4 * 8_192 * TAPS


def test_two_channels_that_are_the_same_have_musevals_figures_too(
    truth: Floats, estimate: Floats
) -> None:
    """Then the equations have no single solution, but all project alike."""
    mono = truth[:, :, : 2 * WINDOW : 2].copy()
    mono[0, 1] = mono[0, 0]
    heard = estimate[:, :, : 2 * WINDOW : 2]
    wanted, found = by_museval(mono, heard), filtered(mono, heard)
    for name in found:
        np.testing.assert_allclose(found[name], wanted[name], atol=SAME_DB, rtol=0, err_msg=name)
