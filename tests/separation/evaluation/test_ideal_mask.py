"""The ideal ratio mask, streamed."""

import numpy as np

from separation.evaluation.ideal_mask import frames_needed, grid_before, ideal_estimates
from tests.separation.evaluation.songs import RATE_HZ, Floats, stems


def piece(sound: Floats, start: int, count: int) -> Floats:
    """Frames of a song, with silence around it."""
    whole = np.pad(sound, [(0, 0)] * (sound.ndim - 1) + [(9_000, 12_000)])
    return whole[..., 9_000 + start : 9_000 + start + count]


def masked(mixture: Floats, truth: Floats, *, block: int) -> Floats:
    made = []
    for start in range(0, mixture.shape[1], block):
        count = min(block, mixture.shape[1] - start)
        before, needed = grid_before(start), frames_needed(start, count)
        parts = (piece(mixture, before, needed), piece(truth, before, needed))
        made.append(ideal_estimates(*parts, start, count))
    return np.concatenate(made, axis=2)


def sdr_db(truth: Floats, estimate: Floats) -> float:
    return float(10 * np.log10(np.sum(truth**2) / np.sum((truth - estimate) ** 2)))


def test_stems_that_share_no_frequency_come_back_almost_whole() -> None:
    time = np.arange(RATE_HZ) / RATE_HZ
    truth = np.stack([[np.sin(2 * np.pi * hz * time)] * 2 for hz in (400, 3_000)]) * 0.3
    found = masked(truth.sum(axis=0), truth, block=20_000)
    assert sdr_db(truth[0], found[0]) > 40
    assert sdr_db(truth[1], found[1]) > 40


def test_the_borders_of_blocks_cannot_be_heard() -> None:
    truth = np.stack(list(stems(1.0).values()))
    whole = masked(truth.sum(axis=0), truth, block=RATE_HZ)
    for block in (10_000, 4_410):
        # Float32 spectra: far below anything that a figure shows.
        np.testing.assert_allclose(masked(truth.sum(axis=0), truth, block=block), whole, atol=1e-5)


def test_the_estimates_sum_to_the_mixture() -> None:
    truth = np.stack(list(stems(0.5).values()))
    found = masked(truth.sum(axis=0), truth, block=10_000)
    np.testing.assert_allclose(found.sum(axis=0), truth.sum(axis=0), atol=1e-5)


def test_what_the_mixture_holds_beside_the_stems_is_left_in_it() -> None:
    made = stems(0.5, names=("vocals", "drums", "bass"))
    truth = np.stack([made["vocals"], made["drums"]])
    mixture = truth.sum(axis=0) + made["bass"]
    found = masked(mixture, truth, block=10_000)
    told, guessed = sdr_db(truth[0], found[0]), sdr_db(truth[0], mixture)
    assert told > guessed + 5
    assert sdr_db(made["bass"], mixture - found.sum(axis=0)) > sdr_db(made["bass"], mixture) + 5


def test_silence_stays_silence() -> None:
    nothing = np.zeros((2, 2, 8_000))
    assert not masked(nothing.sum(axis=0), nothing, block=8_000).any()
