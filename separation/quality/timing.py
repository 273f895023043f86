"""Measures the delay of a stem against the song."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from separation.audio.blocks import BLOCK_FRAMES, FloatArray
from separation.base import SAMPLE_RATE_HZ

FACTOR = 8
"""Factor of decimation. It leaves a resolution of 0.2 ms and frequencies below 2.7 kHz."""

LONGEST_MS = 500.0
"""Longest delay of the search: beyond it lies the next beat of the music, which is alike."""

_LENGTH = BLOCK_FRAMES // FACTOR
_LAGS = round(LONGEST_MS / 1000 * SAMPLE_RATE_HZ / FACTOR)
_ONES = np.ones(FACTOR, dtype=np.float32)


class Timing(NamedTuple):
    """``delay_ms``: delay of the stem against the song at the best fit, negative for an early stem.
    ``fit_at_delay`` and ``fit_undelayed``: the fit with this delay removed and without, as shares
    of the stem's energy; 1 is right. ``likeness``: correlation, with the delay removed, of the stem
    and the song minus the other stems, 0 to 1."""

    delay_ms: float
    fit_at_delay: float
    fit_undelayed: float
    likeness: float


class TimingMeter:
    """Correlates each stem with the song minus the other stems, that is with itself plus the
    residual."""

    def __init__(self, stems: int) -> None:
        self._cross = np.zeros((stems, 2 * _LENGTH), dtype=np.complex128)
        self._energies = np.zeros((stems, 2))

    def write(self, stems: Sequence[FloatArray], residual: FloatArray) -> None:
        """Add the next blocks, float32 (2, n) with ``n`` at most ``BLOCK_FRAMES``."""
        coarse_residual = _coarse(residual)
        residual_spectrum = _spectrum(coarse_residual)
        for place, block in enumerate(stems):
            stem = _coarse(block)
            spectrum = _spectrum(stem)
            self._cross[place] += spectrum.conj() * (spectrum + residual_spectrum)
            self._energies[place] += np.vdot(stem, stem).real, _energy(stem + coarse_residual)

    def timing(self, stem: int) -> Timing:
        # Imported here, as the web server imports this module but measures nothing.
        import scipy.fft

        own, difference = self._energies[stem]
        if own <= 0 or difference <= 0:
            return Timing(0.0, 1.0, 1.0, 1.0)
        lags = np.arange(-_LAGS, _LAGS + 1)
        # Blocks are correlated separately, so a longer lag has less overlap.
        overlap = 1 - np.abs(lags) / _LENGTH
        fits = scipy.fft.ifft(self._cross[stem]).real[lags] / overlap
        best = int(np.argmax(fits))
        return Timing(
            delay_ms=float(-lags[best] * FACTOR * 1000 / SAMPLE_RATE_HZ),
            fit_at_delay=float(fits[best] / own),
            fit_undelayed=float(fits[_LAGS] / own),
            likeness=float(max(fits[best], 0.0) / np.sqrt(own * difference)),
        )


def _coarse(block: FloatArray) -> np.ndarray:
    """Return sums of ``FACTOR`` samples, both channels as one complex signal, (n / ``FACTOR``,)."""
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
