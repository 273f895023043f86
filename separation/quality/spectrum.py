"""Spectral measurements of a signal: entropy, flatness, bands, silence, and level over time."""

import math

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from separation.audio.blocks import FloatArray
from separation.base import SAMPLE_RATE_HZ

FRAME = 2048
"""Samples per spectrum, 46 ms, without overlap: enough for averages, at the least cost."""

SILENT_DBFS = -60.0
"""A level below this is silence, as in :mod:`separation.audio.metering.activity`."""

COLUMNS = 120
"""Greatest number of points of the level over time, for a song of any length."""

FLOOR_DB = -90
"""The lowest reported level; the noise floor of 16 bits lies a little below."""

BAND_EDGES_HZ = (
    20, 100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150,
    3700, 4400, 5300, 6400, 7700, 9500, 12_000, 15_500,
)  # fmt: skip
"""The 24 critical bands of hearing: Zwicker, "Subdivision of the audible frequency range into
critical bands", JASA 33 (1961)."""

_POWER_FLOOR = 1e-10
"""Added to the power of each bin, as a floor like ``amin`` of
``librosa.feature.spectral_flatness``."""

_BINS = FRAME // 2 - 1
_EDGE_BINS = np.ceil(np.array(BAND_EDGES_HZ) * FRAME / SAMPLE_RATE_HZ).astype(int) - 1
_WINDOW = np.hanning(FRAME + 1)[:-1].astype(np.float32)
_CHANNELS = 2
_SCALE = float(1 / (_CHANNELS * FRAME * np.square(_WINDOW, dtype=np.float64).sum()))
"""Factor from the summed squares of a spectrum to the mean square of its samples (Parseval)."""


class SpectrumMeter:
    """Measures float32 (2, n) blocks that :meth:`write` receives; ``n`` is a multiple of ``FRAME``
    except for the last block. ``frames``: length of the signal."""

    def __init__(self, frames: int) -> None:
        self._spectra = max(-(-frames // FRAME), 1)
        self._columns = np.zeros(min(COLUMNS, self._spectra))
        self._seen = self._heard = 0
        self._entropy = self._flatness = 0.0
        self._bands = np.zeros(len(BAND_EDGES_HZ) - 1)

    def write(self, block: FloatArray) -> FloatArray:
        """Measure the next frames and return their band powers (mean squares), float32 (spectra,
        bands)."""
        powers = _powers(block)
        totals = powers.sum(axis=1, dtype=np.float64) * _SCALE
        self._add_to_columns(totals)
        self._add_shapes(powers[totals > 10 ** (SILENT_DBFS / 10)])
        bands = np.add.reduceat(powers[:, : _EDGE_BINS[-1]], _EDGE_BINS[:-1], axis=1)
        bands *= np.float32(_SCALE)
        self._bands += bands.sum(axis=0, dtype=np.float64)
        self._seen += len(powers)
        return bands

    def _add_to_columns(self, totals: NDArray[np.float64]) -> None:
        places = np.arange(self._seen, self._seen + len(totals))
        columns = places * len(self._columns) // self._spectra
        self._columns += np.bincount(columns, totals, minlength=len(self._columns))

    def _add_shapes(self, powers: FloatArray) -> None:
        """Add entropy and flatness of spectra that are not silent. Entropy is Shannon's, of the
        normalised powers; flatness is their geometric mean divided by their arithmetic mean (Wiener
        entropy)."""
        if not len(powers):
            return
        logs = np.log(powers + np.float32(_POWER_FLOOR))
        sums = powers.sum(axis=1)
        entropy = np.log(sums) - np.einsum("nf,nf->n", powers, logs) / sums
        flatness = np.exp(logs.mean(axis=1)) * _BINS / sums
        self._entropy += float(entropy.sum()) / math.log(_BINS)
        self._flatness += float(flatness.sum())
        self._heard += len(powers)

    @property
    def entropy(self) -> float | None:
        """Mean over the spectra that are not silent, 0 (one tone) to 1 (white noise); ``None`` if
        all are silent."""
        return self._entropy / self._heard if self._heard else None

    @property
    def flatness(self) -> float | None:
        """Mean over the spectra that are not silent, 0 (tones) to 1 (white noise); ``None`` if all
        are silent."""
        return self._flatness / self._heard if self._heard else None

    @property
    def silence_share(self) -> float:
        """Share of the time that is silent, 0 to 1."""
        return 1.0 - self._heard / self._seen if self._seen else 1.0

    def levels_db(self) -> tuple[int, ...]:
        """Return the level over time, dBFS (RMS of both channels), in at most ``COLUMNS`` columns
        of equal length."""
        counts = np.bincount(
            np.arange(self._spectra) * len(self._columns) // self._spectra,
            minlength=len(self._columns),
        )
        return _whole_decibels(self._columns / counts)

    def bands_db(self) -> tuple[int, ...]:
        """Return the mean level in each of the bands, dBFS (RMS of both channels)."""
        return _whole_decibels(self._bands / max(self._seen, 1))


def _powers(block: FloatArray) -> FloatArray:
    """Return squared spectra without the mean and the highest bin, (spectra, bins), summed over
    both channels.

    The transform processes two real channels as one complex signal: the squares of a bin and of
    its mirror sum to those of both channels.
    """
    spectra = -(-block.shape[1] // FRAME)
    signal = np.zeros(spectra * FRAME, dtype=np.complex64)
    signal.real[: block.shape[1]] = block[0]
    signal.imag[: block.shape[1]] = block[1]
    bins = scipy.fft.fft(signal.reshape(spectra, FRAME) * _WINDOW, overwrite_x=True)
    parts = np.square(bins.real)
    parts += np.square(bins.imag)
    powers: FloatArray = parts[:, 1 : _BINS + 1] + parts[:, : _BINS + 1 : -1]
    return powers


def _whole_decibels(powers: NDArray[np.float64]) -> tuple[int, ...]:
    decibels = 10 * np.log10(np.maximum(powers, 10 ** (FLOOR_DB / 10)))
    return tuple(int(level) for level in np.rint(decibels))
