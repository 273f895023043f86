"""Transforms samples to spectra and back, in runs of whole frames."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from separation.audio.blocks import FloatArray
from separation.engine.spectrogram.layout import HOP, LEAD, WINDOW

ComplexArray = NDArray[np.complex64]

_HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)

_OVERLAPPED_SQUARES = 1.5
"""The sum of squared Hann windows where four of them overlap by three quarters."""

_FEW = 64
"""Frames that are transformed at once."""

_SYNTHESIS = _HANN / np.float32(_OVERLAPPED_SQUARES)


def spectra_of(samples: FloatArray) -> ComplexArray:
    """Transform samples (channels, (frames + ``LEAD`` - 1) * ``HOP``) to spectra (channels, frames,
    ``BINS``)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW, axis=-1)[:, ::HOP]
    spectra: ComplexArray = scipy.fft.rfft(frames * _HANN)
    return spectra


class Resynthesis:
    """The inverse transform of one signal that arrives in pieces, by overlap-add."""

    def __init__(self, channels: int) -> None:
        self._tail = np.zeros((channels, LEAD - 1, HOP), dtype=np.float32)

    def add(self, spectra: ComplexArray, masks: FloatArray | None = None) -> FloatArray:
        """Mask the next frames (channels, frames, ``BINS``) and return as many hops of samples,
        (channels, frames * ``HOP``), which end ``LEAD`` - 1 hops before the last frame does.

        Works on a few frames at a time, so that they stay in the processor's cache.
        """
        channels, count = spectra.shape[:2]
        out = np.empty((channels, count * HOP), dtype=np.float32)
        for first in range(0, count, _FEW):
            few = spectra[:, first : first + _FEW]
            if masks is not None:
                few = few * masks[:, first : first + _FEW]
            done = self._add(few)
            out[:, first * HOP : first * HOP + done.shape[1]] = done
        return out

    def _add(self, spectra: ComplexArray) -> FloatArray:
        channels, count = spectra.shape[:2]
        pieces = scipy.fft.irfft(spectra, WINDOW)
        pieces *= _SYNTHESIS
        hops = pieces.reshape(channels, count, LEAD, HOP)
        out = np.zeros((channels, count + LEAD - 1, HOP), dtype=np.float32)
        out[:, : LEAD - 1] = self._tail
        for place in range(LEAD):
            out[:, place : place + count] += hops[:, :, place]
        self._tail = out[:, count:].copy()
        done: FloatArray = out[:, :count].reshape(channels, -1)
        return done

    def add_silence(self, frames: int) -> FloatArray:
        """:meth:`add` for silent frames."""
        channels = len(self._tail)
        out = np.zeros((channels, frames + LEAD - 1, HOP), dtype=np.float32)
        out[:, : LEAD - 1] = self._tail
        self._tail = out[:, frames:].copy()
        return out[:, :frames].reshape(channels, -1)
