"""Whether a stem plays when the song does."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from separation.audio.blocks import BLOCK_FRAMES, FloatArray
from separation.base import SAMPLE_RATE_HZ

FACTOR = 8
"""One sample is made of so many: 0.2 ms are told apart, in what lies below 2.7 kHz."""

LONGEST_MS = 500.0
"""Further away nothing is looked for: a beat of the music lies there, and is like another."""

_LENGTH = BLOCK_FRAMES // FACTOR
_LAGS = round(LONGEST_MS / 1000 * SAMPLE_RATE_HZ / FACTOR)
_ONES = np.ones(FACTOR, dtype=np.float32)


class Timing(NamedTuple):
    """``delay_ms``: how much later than in the song the stem plays where it fits best, negative
    for earlier; ``there`` and ``here``: how well it fits there, and where it is, as shares of its
    energy (1: as it should); ``likeness``: of the stem there and of what the other stems leave of
    the song, 0 to 1."""

    delay_ms: float
    there: float
    here: float
    likeness: float


class TimingMeter:
    """Correlates each stem with what the others leave of the song: itself and the residual."""

    def __init__(self, stems: int) -> None:
        self._cross = np.zeros((stems, 2 * _LENGTH), dtype=np.complex128)
        self._energies = np.zeros((stems, 2))

    def write(self, stems: Sequence[FloatArray], residual: FloatArray) -> None:
        """The next blocks, float32 (2, n) with ``n`` at most ``BLOCK_FRAMES``."""
        rest = _coarse(residual)
        rest_spectrum = _spectrum(rest)
        for place, block in enumerate(stems):
            stem = _coarse(block)
            spectrum = _spectrum(stem)
            self._cross[place] += spectrum.conj() * (spectrum + rest_spectrum)
            self._energies[place] += np.vdot(stem, stem).real, _energy(stem + rest)

    def timing(self, stem: int) -> Timing:
        # Pages tell what the figures mean: the web server imports this module and measures nothing.
        import scipy.fft

        own, left = self._energies[stem]
        if own <= 0 or left <= 0:
            return Timing(0.0, 1.0, 1.0, 1.0)
        lags = np.arange(-_LAGS, _LAGS + 1)
        # A block knows nothing of the next one, so the further away the less of it is compared.
        overlap = 1 - np.abs(lags) / _LENGTH
        fits = scipy.fft.ifft(self._cross[stem]).real[lags] / overlap
        best = int(np.argmax(fits))
        return Timing(
            delay_ms=float(-lags[best] * FACTOR * 1000 / SAMPLE_RATE_HZ),
            there=float(fits[best] / own),
            here=float(fits[_LAGS] / own),
            likeness=float(max(fits[best], 0.0) / np.sqrt(own * left)),
        )


def _coarse(block: FloatArray) -> np.ndarray:
    """Sums of ``FACTOR`` samples, both channels as one complex signal, (n / ``FACTOR``,)."""
    short = -block.shape[1] % FACTOR
    even = np.pad(block, ((0, 0), (0, short))) if short else block
    left, right = even.reshape(2, -1, FACTOR) @ _ONES
    coarse: np.ndarray = left + np.complex64(1j) * right
    return coarse


def _spectrum(signal: np.ndarray) -> np.ndarray:
    import scipy.fft

    spectrum: np.ndarray = scipy.fft.fft(signal, 2 * _LENGTH)
    return spectrum


def _energy(signal: np.ndarray) -> float:
    return float(np.vdot(signal, signal).real)
