"""Bleed between stems: sound of one stem in another rises and falls with the first."""

from collections.abc import Sequence

import numpy as np

from separation.audio.blocks import FloatArray


class EnvelopeMeter:
    """Correlation of band envelopes between several signals."""

    def __init__(self, signals: int, bands: int) -> None:
        self._count = 0
        self._sums = np.zeros((bands, signals))
        self._products = np.zeros((bands, signals, signals))

    def write(self, powers: Sequence[FloatArray]) -> None:
        """Add the next band powers, (times, bands), of each signal in the same order."""
        envelopes = np.sqrt(np.stack(powers).astype(np.float64)).transpose(2, 0, 1)
        self._count += envelopes.shape[2]
        self._sums += envelopes.sum(axis=2)
        self._products += envelopes @ envelopes.transpose(0, 2, 1)

    def correlations(self) -> FloatArray:
        """Return the correlation of each signal (row) with each other one, -1 to 1: Pearson's
        correlation of their amplitudes over time, averaged over the bands with the energies of the
        row's signal as weights."""
        means = self._sums / max(self._count, 1)
        spread = self._products / max(self._count, 1) - means[:, :, None] * means[:, None, :]
        deviations = np.sqrt(np.maximum(np.diagonal(spread, axis1=1, axis2=2), 0.0))
        scale = deviations[:, :, None] * deviations[:, None, :]
        each = np.divide(spread, scale, out=np.zeros_like(spread), where=scale > 0)
        energies = np.diagonal(self._products, axis1=1, axis2=2)
        weights = energies / np.maximum(energies.sum(axis=0), np.finfo(np.float64).tiny)
        mean: FloatArray = np.einsum("bi,bij->ij", weights, each).astype(np.float32)
        return mean
