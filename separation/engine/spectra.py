"""The STFT and its inverse around a hybrid network, without torch.

Defossez, "Hybrid Spectrogram and Waveform Source Separation" (2021): Hann window, hop of a quarter
window, 1.5 hops of reflected padding, so that n samples give ceil(n / hop) frames. The forward
transform drops the highest bin, and the inverse sets it to zero (demucs/htdemucs.py, _spec and
_ispec). Both scale by the root of the window's length, as ``torch.stft(normalized=True)`` does.
"""

from fractions import Fraction

import numpy as np
import scipy.fft

from separation.audio.blocks import FloatArray

_HOPS = 4
"""Hops in a window."""

_PADDING = Fraction(3, 2)
"""Padding before the first sample, in hops."""

_OVERLAPPED_SQUARES = 1.5
"""The sum of squared Hann windows at every sample that four of them cover. With the padding, four
windows cover every sample that is kept, so the inverse divides by a constant."""


class Spectra:
    """Transforms windows of one length; spectra are float32 (channels, times, bins, 2), real and
    imaginary parts last."""

    def __init__(self, window: int, frames: int) -> None:
        """``window``: length of the STFT's window, ``frames``: of the signals, in samples."""
        self._hop = window // _HOPS
        self._window = window
        self._frames = frames
        self.times = -(-frames // self._hop)
        self._padding = int(self._hop * _PADDING)
        hann = np.hanning(window + 1)[:-1]
        self._analysis = (hann / np.sqrt(window)).astype(np.float32)
        self._synthesis = (hann * np.sqrt(window) / _OVERLAPPED_SQUARES).astype(np.float32)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(times, bins, 2)"""
        return self.times, self._window // 2, 2

    def forward(self, signal: FloatArray) -> FloatArray:
        """Transform (channels, frames) to spectra."""
        end = self._padding + self.times * self._hop - self._frames
        padded = np.pad(signal, ((0, 0), (self._padding, end)), mode="reflect")
        pieces = np.lib.stride_tricks.sliding_window_view(padded, self._window, axis=-1)
        spectra = scipy.fft.rfft(pieces[:, :: self._hop] * self._analysis)[..., :-1]
        parts = np.ascontiguousarray(spectra).view(np.float32)
        return parts.reshape(len(signal), *self.shape)

    def inverse(self, spectra: FloatArray) -> FloatArray:
        """Transform spectra (times, bins, ..., 2), C-contiguous, to signals (..., frames).

        Transforms one signal at a time, so that its pieces stay in the processor's cache.
        """
        signals_of = spectra.shape[2:-1]
        bins = spectra.reshape(self.times, self._window // 2, -1).view(np.complex64)
        signals = np.empty((bins.shape[-1], self._frames), dtype=np.float32)
        for place, signal in enumerate(signals):
            signal[:] = self._overlapped(bins[..., place])
        return signals.reshape(*signals_of, self._frames)

    def _overlapped(self, bins: np.ndarray) -> FloatArray:
        # The length makes scipy add the missing bin as zero.
        pieces = scipy.fft.irfft(bins, self._window)
        pieces *= self._synthesis
        hops = pieces.reshape(self.times, _HOPS, self._hop)
        total = np.zeros((self.times + _HOPS - 1, self._hop), dtype=np.float32)
        for place in range(_HOPS):
            total[place : place + self.times] += hops[:, place]
        flat: FloatArray = total.reshape(-1)
        return flat[self._padding : self._padding + self._frames]
