"""Harmonic/percussive decomposition of a signal of any length, block by block.

Fitzgerald, "Harmonic/Percussive Separation using Median Filtering" (DAFx 2010): in a magnitude
spectrogram, a median along time keeps what lasts (harmonic) and a median along frequency keeps
what is wide (percussive); soft masks from the two divide the spectrum. Margins are those of
Driedger, Mueller and Disch, "Extending Harmonic-Percussive Separation of Audio" (ISMIR 2014).

The result is that of ``librosa.effects.hpss`` on each channel (n_fft 2048, hop 512, periodic Hann,
centred frames over zeros), edges included; librosa holds the whole song and its spectra, this
reads one block at a time with as much context as the masks of the block depend on.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from separation.audio.blocks import FloatArray
from separation.audio.median import reflected, sliding_median
from separation.progress import Report, ignore_progress

N_FFT = 2_048
HOP = 512
_OVERLAP = N_FFT // HOP
_BINS = N_FFT // 2 + 1

BLOCK_HOPS = 128
"""Hops written at a time, 1.5 s of song: about 30 MB of arrays and 10 ms of work. 256 need 50 MB
more for no speed, 64 spend more on the context of a block (measured)."""

Spectra = NDArray[np.complexfloating[Any, Any]]


class Source(Protocol):
    """What :class:`separation.tracks.TrackReader` and ``BlockReader`` both are."""

    frames: int

    def read(self, start: int, count: int) -> FloatArray:
        """(channels, count) float32; zeros outside the signal."""
        ...


class Sink(Protocol):
    def write(self, block: FloatArray) -> None:
        """Append (channels, frames) float32."""
        ...


@dataclass(frozen=True)
class HpssSettings:
    """``kernel``: odd window of the median along time (in frames) and along frequency (in bins).
    ``power``: exponent of the soft mask, > 0. ``margin``: how many times larger than the other
    the harmonic and the percussive part must be, >= 1; at (1, 1) the two masks sum to one."""

    kernel: tuple[int, int] = (31, 31)
    power: float = 2.0
    margin: tuple[float, float] = (1.0, 1.0)

    @property
    def complementary(self) -> bool:
        """Whether the two parts sum to the signal, so that one is the signal minus the other."""
        return self.margin == (1.0, 1.0)


def split(
    reader: Source,
    harmonic: Sink,
    percussive: Sink | None = None,
    *,
    settings: HpssSettings | None = None,
    report: Report = ignore_progress,
    block_hops: int = BLOCK_HOPS,
) -> None:
    """Write the harmonic part of ``reader``, and the percussive part where it is wanted.

    Both have exactly ``reader.frames`` frames. ``block_hops`` >= 1 changes memory and speed, not
    the result (beyond float32 rounding). Raises what ``report`` raises, called once a block.
    """
    settings = settings or HpssSettings()
    window = np.hanning(N_FFT + 1)[:-1]
    for start in range(0, reader.frames, block_hops * HOP):
        stop = min(start + block_hops * HOP, reader.frames)
        spectra, first, mask_harmonic, mask_percussive = _masks(
            reader, start, stop, window, settings, both=percussive is not None
        )
        harmonic.write(_synthesise(spectra * mask_harmonic, first, start, stop, reader, window))
        if percussive is not None and mask_percussive is not None:
            parts = spectra * mask_percussive
            percussive.write(_synthesise(parts, first, start, stop, reader, window))
        report(stop / reader.frames)


def _masks(
    reader: Source,
    start: int,
    stop: int,
    window: NDArray[np.float64],
    settings: HpssSettings,
    *,
    both: bool,
) -> tuple[Spectra, int, FloatArray, FloatArray | None]:
    """Spectra (frames, channels, bins) that samples ``start`` to ``stop`` are made of, the index
    of the first, and their masks."""
    total = 1 + reader.frames // HOP
    # Frame i is centred on sample i * HOP, so it reaches N_FFT / 2 to either side of it.
    first = max(0, start // HOP - _OVERLAP // 2 + 1)
    last = min(total, -(-stop // HOP) + _OVERLAP // 2)
    context = settings.kernel[0] // 2
    low, high = max(0, first - context), min(total, last + context)
    spectra = _stft(reader, low, high, window)
    magnitude = np.abs(spectra)
    along_time = _median_in_time(magnitude, low, first, last, total, settings.kernel[0])
    wanted = slice(first - low, last - low)
    along_frequency = _median_in_frequency(magnitude[wanted], settings.kernel[1])
    split_zeros = settings.complementary
    mask_harmonic = soft_mask(
        along_time, along_frequency, settings.margin[0], settings.power, split_zeros
    )
    mask_percussive = (
        soft_mask(along_frequency, along_time, settings.margin[1], settings.power, split_zeros)
        if both
        else None
    )
    return spectra[wanted], first, mask_harmonic, mask_percussive


def _stft(reader: Source, low: int, high: int, window: NDArray[np.float64]) -> Spectra:
    """Frames ``low`` to ``high`` as (frames, channels, bins) complex64."""
    samples = reader.read(low * HOP - N_FFT // 2, (high - low - 1) * HOP + N_FFT)
    framed = np.lib.stride_tricks.sliding_window_view(samples, N_FFT, axis=1)[:, ::HOP]
    windowed = framed.transpose(1, 0, 2) * window.astype(np.float32)
    spectra: Spectra = scipy.fft.rfft(windowed, axis=-1, overwrite_x=True)
    return spectra


def _median_in_time(
    magnitude: FloatArray, low: int, first: int, last: int, total: int, kernel: int
) -> FloatArray:
    """Frames ``first`` to ``last`` of the median; ``magnitude`` starts at frame ``low``."""
    context = kernel // 2
    rows = reflected(first - context, last + context, total) - low
    padded = magnitude if len(rows) == len(magnitude) else magnitude[rows]
    flat = sliding_median(padded.reshape(len(padded), -1), kernel)
    return flat.reshape(-1, *magnitude.shape[1:])


def _median_in_frequency(magnitude: FloatArray, kernel: int) -> FloatArray:
    context = kernel // 2
    by_bin = np.ascontiguousarray(magnitude.reshape(-1, _BINS).T)
    padded = by_bin[reflected(-context, _BINS + context, _BINS)]
    return np.ascontiguousarray(sliding_median(padded, kernel).T).reshape(magnitude.shape)


def soft_mask(
    part: FloatArray, other: FloatArray, margin: float, power: float, split_zeros: bool
) -> FloatArray:
    """``part^p / (part^p + (margin other)^p)``, scaled by the larger one against underflow.

    ``part``, ``other``: float32 of one shape, >= 0, not modified. Where both are zero: one half
    with ``split_zeros``, for masks that are to sum to one, else zero, as librosa does.
    """
    reference = other * np.float32(margin)
    largest = np.maximum(part, reference)
    empty = largest < np.finfo(np.float32).tiny
    largest[empty] = 1.0
    mask: FloatArray = (part / largest) ** np.float32(power)
    reference /= largest
    mask /= np.maximum(mask + reference ** np.float32(power), np.finfo(np.float32).tiny)
    mask[empty] = 0.5 if split_zeros else 0.0
    return mask


def _synthesise(
    spectra: Spectra, first: int, start: int, stop: int, reader: Source, window: NDArray[np.float64]
) -> FloatArray:
    """Samples ``start`` to ``stop`` by weighted overlap-add (Griffin and Lim, 1984)."""
    frames, channels, _ = spectra.shape
    pieces = scipy.fft.irfft(spectra, n=N_FFT, axis=-1, overwrite_x=True)
    pieces *= window.astype(np.float32)
    hops = np.zeros((frames + _OVERLAP - 1, channels, HOP), dtype=np.float32)
    weights = np.zeros((frames + _OVERLAP - 1, 1, HOP))
    squared = window**2
    for part in range(_OVERLAP):
        inside = slice(part * HOP, (part + 1) * HOP)
        hops[part : part + frames] += pieces[..., inside]
        weights[part : part + frames] += squared[inside]
    # Hop 0 begins half a window before the centre of frame ``first``.
    offset = start - (first * HOP - N_FFT // 2)
    low, high = offset // HOP, -(-(offset + stop - start) // HOP)
    scaled = hops[low:high] / weights[low:high].astype(np.float32)
    signal = scaled.transpose(1, 0, 2).reshape(channels, -1)
    begin = offset - low * HOP
    return np.ascontiguousarray(signal[:, begin : begin + stop - start])
