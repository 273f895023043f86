"""The short-time Fourier transform for the masks and the cues, and its inverse."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from separation.audio.blocks import FloatArray

ComplexArray = NDArray[np.complex64]

WINDOW = 4096
"""Samples, 93 ms: masks of music leak least at this length (Vincent, Gribonval and Plumbley,
"Oracle estimators for the benchmarking of source separation algorithms", 2007)."""

HOP = WINDOW // 4
"""A quarter window: root-Hann windows, applied twice, then overlap to a constant."""

BINS = WINDOW // 2
"""Bins that have masks; the bin at the Nyquist frequency goes to ``other``."""


def root_hann(length: int) -> FloatArray:
    phase = 2 * np.pi * np.arange(length) / length
    return np.sqrt(0.5 - 0.5 * np.cos(phase)).astype(np.float32)


def spectrogram(samples: FloatArray, window: int = WINDOW, hop: int = HOP) -> ComplexArray:
    """Transform (channels, samples) to (channels, frames, window / 2 + 1); frame t is centred at
    t * hop.

    The samples are padded with silence.
    """
    padded = np.pad(samples, ((0, 0), (window // 2, window // 2 + hop)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window, axis=-1)[:, ::hop]
    spectra: ComplexArray = fft.rfft(frames * root_hann(window), axis=-1)
    return spectra


def resynthesis(spectra: ComplexArray) -> FloatArray:
    """The inverse of :func:`spectrogram`: sample 0 is the centre of frame 0.

    Transforms (channels, frames, ``WINDOW`` / 2 + 1) to (channels, (frames - 1) * ``HOP``). Samples
    are correct where four frames overlap; within a song, the first and last ``WINDOW`` / 2 are not.
    """
    # Overlapped root-Hann windows squared sum to two at a quarter's hop.
    pieces = fft.irfft(spectra, n=WINDOW, axis=-1) * (root_hann(WINDOW) / 2)
    channels, count = pieces.shape[:2]
    out = np.zeros((channels, count + WINDOW // HOP - 1, HOP), dtype=np.float32)
    for part in range(WINDOW // HOP):
        out[:, part : part + count] += pieces[:, :, part * HOP : (part + 1) * HOP]
    flat: FloatArray = out.reshape(channels, -1)
    return flat[:, WINDOW // 2 : WINDOW // 2 + (count - 1) * HOP]
