"""SDR over a whole song and SI-SDR, from running sums over blocks."""

import numpy as np
from numpy.typing import NDArray

MDX_DELTA = 1e-7
"""The challenge adds it to both energies "to avoid numerical errors" (starter kit of the Music
Demixing Challenge 2021)."""

Floats = NDArray[np.float64]


class WholeSong:
    """Running sums of estimates and true stems, both channels together.

    SDR: 10 log10((sum s^2 + delta) / (sum (s - e)^2 + delta)), Mitsufuji et al., "Music Demixing
    Challenge 2021" (Frontiers in Signal Processing, 2022), equation 1, with the delta of its
    starter kit. SI-SDR: 10 log10(|a s|^2 / |a s - e|^2), a = <e, s> / |s|^2, Le Roux et al., "SDR -
    half-baked or well done?" (ICASSP 2019), equation 5; both channels are one vector, and no mean
    is subtracted.
    """

    def __init__(self, count: int) -> None:
        self._truth, self._estimate, self._error, self._product = np.zeros((4, count))

    def add(self, truth: Floats, estimate: Floats) -> None:
        """Add the next block of every pair, (pairs, channels, frames) each."""
        self._truth += _energies(truth)
        self._estimate += _energies(estimate)
        self._error += _energies(truth - estimate)
        self._product += np.einsum("kcn,kcn->k", truth, estimate)

    def sdr(self) -> Floats:
        """In dB, one value for each pair."""
        ratio = (self._truth + MDX_DELTA) / (self._error + MDX_DELTA)
        return np.asarray(10 * np.log10(ratio))

    def si_sdr(self) -> Floats:
        """In dB, one value for each pair; NaN where either is silent, infinity where they differ
        only by a factor."""
        with np.errstate(divide="ignore", invalid="ignore"):
            explained = self._product**2 / self._truth
            unexplained = np.maximum(self._estimate - explained, 0.0)
            decibels = 10 * np.log10(explained / unexplained)
        return np.where((self._truth > 0) & (self._estimate > 0), decibels, np.nan)


def _energies(blocks: Floats) -> Floats:
    return np.asarray(np.einsum("kcn,kcn->k", blocks, blocks))
