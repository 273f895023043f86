"""Whether stems sum to the song, and which of them does not fit."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from separation.audio.blocks import FloatArray


class Fit(NamedTuple):
    """``gain``: 1 for a stem that is right; ``share``: the energy of what that changes in the
    stem, against all that the stems lack of the song."""

    gain: float
    share: float


class SumMeter:
    """Inner products of the stems and of what is left of the song without them, over all samples
    of both channels."""

    def __init__(self, stems: int) -> None:
        self._products = np.zeros((stems + 1, stems + 1))

    def write(self, stems: Sequence[FloatArray], residual: FloatArray) -> None:
        """The next blocks, all of one shape, contiguous."""
        rows = [block.reshape(-1) for block in (*stems, residual)]
        for i, row in enumerate(rows):
            for j in range(i + 1):
                self._products[i, j] += float(np.dot(row, rows[j]))

    def sums(self) -> "Sums":
        lower = np.tril(self._products)
        return Sums(lower + np.tril(lower, -1).T)


class Sums:
    """What follows from the inner products, float64 (stems + 1, stems + 1), residual last.

    The residual ``r`` is the song minus all stems, so products with the song are sums of others.
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
        """Of the sum of all other stems but those ``without``."""
        kept = [i for i in range(len(self._stems)) if i != stem and i not in without]
        return float(self._stems[np.ix_(kept, kept)].sum())

    def song_without(self, stem: int) -> float:
        """The energy of the song minus the stem at whatever gain leaves the least: of the others,
        where the stem is what it should be; next to nothing, where it is the song."""
        with_song = float(self._stems[stem].sum() + self._with_residual[stem])
        energy = self.energy(stem)
        return self.song_energy - (with_song**2 / energy if energy > 0 else 0.0)

    def likeness(self, stem: int, other: int) -> float:
        """Correlation of two stems' samples, -1 to 1; 0 where one is silent."""
        return _ratio(self._stems[stem, other], self.energy(stem) * self.energy(other))

    def holds(self, stem: int, other: int) -> float:
        """The gain at which ``stem`` holds ``other`` as well, if they have nothing in common by
        nature: 0 for true stems, nearly."""
        energy = self.energy(other)
        return float(self._stems[stem, other] / energy) if energy > 0 else 0.0

    def fit(self, stems: Sequence[int], without: Sequence[int] = ()) -> dict[int, "Fit"]:
        """The gains with which ``stems`` together fit into the song best (least squares).

        ``without``: stems that are wrong in another way, left out; what they should have been is
        missing then, which disturbs the others little, as true stems have nothing in common.
        """
        rows, out = list(stems), list(without)
        residual = (
            self._residual
            + 2 * float(self._with_residual[out].sum())
            + float(self._stems[np.ix_(out, out)].sum())
        )
        wanted = self._with_residual[rows] + self._stems[np.ix_(rows, out)].sum(axis=1)
        changes = np.linalg.lstsq(self._stems[np.ix_(rows, rows)], wanted, rcond=None)[0]
        return {
            stem: Fit(1.0 + float(change), _share(change**2 * self.energy(stem), residual))
            for stem, change in zip(rows, changes, strict=True)
        }


def _ratio(product: float, energies: float) -> float:
    return float(product / np.sqrt(energies)) if energies > 0 else 0.0


def _share(energy: float, whole: float) -> float:
    return float(energy / whole) if whole > 0 else 0.0
