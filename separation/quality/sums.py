"""Checks whether stems sum to the song, and finds the stem that does not fit."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from separation.audio.blocks import FloatArray


class Fit(NamedTuple):
    """``gain``: best gain of a stem, 1 for a right one; ``share``: energy of the change by this
    gain, divided by the energy of the residual."""

    gain: float
    share: float


class SumMeter:
    """Inner products of the stems and of the residual, over all samples of both channels."""

    def __init__(self, stems: int) -> None:
        self._products = np.zeros((stems + 1, stems + 1))

    def write(self, stems: Sequence[FloatArray], residual: FloatArray) -> None:
        """Add the next blocks, all of one shape, contiguous."""
        rows = [block.reshape(-1) for block in (*stems, residual)]
        for i, row in enumerate(rows):
            for j in range(i + 1):
                self._products[i, j] += float(np.dot(row, rows[j]))

    def sums(self) -> "Sums":
        lower = np.tril(self._products)
        return Sums(lower + np.tril(lower, -1).T)


class Sums:
    """Values that follow from the inner products, float64 (stems + 1, stems + 1), residual last.

    The residual is the song minus all stems, so every product with the song is a sum of these.
    """

    def __init__(self, products: NDArray[np.float64]) -> None:
        self._stems = products[:-1, :-1]
        self._with_residual = products[:-1, -1]
        self._residual = float(products[-1, -1])

    def energy(self, stem: int) -> float:
        return float(self._stems[stem, stem])

    @property
    def song_energy(self) -> float:
        return float(self._stems.sum() + 2 * self._with_residual.sum() + self._residual)

    @property
    def residual_energy(self) -> float:
        return self._residual

    def others_energy(self, stem: int, without: Sequence[int] = ()) -> float:
        """Return the energy of the sum of all other stems, except those in ``without``."""
        kept = [i for i in range(len(self._stems)) if i != stem and i not in without]
        return float(self._stems[np.ix_(kept, kept)].sum())

    def song_without(self, stem: int) -> float:
        """Return the energy of the song minus the stem, at the gain that minimises it. For a right
        stem this is the energy of the others; for a stem that is the song it is nearly 0."""
        with_song = float(self._stems[stem].sum() + self._with_residual[stem])
        energy = self.energy(stem)
        return self.song_energy - (with_song**2 / energy if energy > 0 else 0.0)

    def likeness(self, stem: int, other: int) -> float:
        """Return the correlation of two stems' samples, -1 to 1; 0 if one is silent."""
        return _ratio(self._stems[stem, other], self.energy(stem) * self.energy(other))

    def holds(self, stem: int, other: int) -> float:
        """Return the gain with which ``stem`` contains ``other``, if their true sounds are
        uncorrelated: nearly 0 for true stems."""
        energy = self.energy(other)
        return float(self._stems[stem, other] / energy) if energy > 0 else 0.0

    def fit(self, stems: Sequence[int], without: Sequence[int] = ()) -> dict[int, "Fit"]:
        """Return the gains with which ``stems`` together fit into the song best (least squares).

        ``without``: stems with another fault, which are left out. Their true sound is then missing,
        but this changes the other gains little, as true stems are nearly uncorrelated.
        """
        rows, out = list(stems), list(without)
        residual = (
            self._residual
            + 2 * float(self._with_residual[out].sum())
            + float(self._stems[np.ix_(out, out)].sum())
        )
        projections = self._with_residual[rows] + self._stems[np.ix_(rows, out)].sum(axis=1)
        changes = np.linalg.lstsq(self._stems[np.ix_(rows, rows)], projections, rcond=None)[0]
        return {
            stem: Fit(1.0 + float(change), _share(change**2 * self.energy(stem), residual))
            for stem, change in zip(rows, changes, strict=True)
        }


def _ratio(product: float, energies: float) -> float:
    return float(product / np.sqrt(energies)) if energies > 0 else 0.0


def _share(energy: float, whole: float) -> float:
    return float(energy / whole) if whole > 0 else 0.0
