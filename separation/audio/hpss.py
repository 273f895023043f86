"""Harmonic/percussive decomposition of a signal of any length, block by block.

Fitzgerald, "Harmonic/Percussive Separation using Median Filtering" (DAFx 2010): in a magnitude
spectrogram, a median along time keeps sustained sound (harmonic) and a median along frequency
keeps broadband sound (percussive); soft masks from the two divide the spectrum. Margins follow
Driedger, Mueller and Disch, "Extending Harmonic-Percussive Separation of Audio" (ISMIR 2014).

The result is that of ``librosa.effects.hpss`` on each channel (n_fft 2048, hop 512, periodic Hann,
centred frames over zeros), edges included. librosa keeps the whole song and its spectra in memory;
this module reads one block at a time, with the context that the masks of the block depend on.
"""

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, Self

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
_WINDOW = np.hanning(N_FFT + 1)[:-1]

BLOCK_HOPS = 128
"""Hops written at a time, 1.5 s of song: about 30 MB of arrays and 10 ms of work. With 256 hops a
block needs 50 MB more and is no faster; with 64 its context costs more (measured)."""

_THREADS = min(os.cpu_count() or 1, 2)
"""A block consists of many short operations that take Python's lock: a third thread would wait."""

Spectra = NDArray[np.complexfloating[Any, Any]]


class HpssSource(Protocol):
    """The common interface of ``TrackReader`` (:mod:`separation.audio.tracks`) and
    ``BlockReader``."""

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
    ``power``: exponent of the soft mask, > 0. ``margin``: factor, >= 1, by which the harmonic and
    the percussive part must exceed the other part; at (1, 1) the two masks sum to one."""

    kernel: tuple[int, int] = (31, 31)
    power: float = 2.0
    margin: tuple[float, float] = (1.0, 1.0)

    @property
    def complementary(self) -> bool:
        """Whether the two parts sum to the signal, so that one is the signal minus the other."""
        return self.margin == (1.0, 1.0)


def split(
    reader: HpssSource,
    harmonic: Sink,
    percussive: Sink | None = None,
    *,
    settings: HpssSettings | None = None,
    report: Report = ignore_progress,
    block_hops: int = BLOCK_HOPS,
) -> None:
    """Write the harmonic part of ``reader``, and the percussive part if ``percussive`` is given.

    Both have exactly ``reader.frames`` frames. ``block_hops`` >= 1 changes memory and speed, not
    the result (beyond float32 rounding). Blocks are computed in threads. The caller's thread
    reads, writes and calls ``report`` once a block. Raises what ``report`` raises.
    """
    settings = settings or HpssSettings()
    pending: deque[tuple[int, Future[list[FloatArray]]]] = deque()
    sinks = [harmonic] if percussive is None else [harmonic, percussive]

    def write_next() -> None:
        stop, future = pending.popleft()
        for sink, part in zip(sinks, future.result(), strict=True):
            sink.write(part)
        report(stop / reader.frames)

    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, reader.frames, block_hops * HOP):
            block = _Block.of(reader.frames, start, block_hops, settings)
            samples = reader.read(*block.samples)
            pending.append((block.stop, pool.submit(_parts, block, samples, settings, len(sinks))))
            # For each thread, one block may be finished while it computes the next.
            if len(pending) > _THREADS:
                write_next()
        while pending:
            write_next()


@dataclass(frozen=True)
class _Block:
    """Samples ``start`` to ``stop``. Frames ``first`` to ``last`` of ``total`` overlap them, and
    the masks of these frames depend on frames ``low`` to ``high``."""

    start: int
    stop: int
    first: int
    last: int
    low: int
    high: int
    total: int

    @classmethod
    def of(cls, frames: int, start: int, hops: int, settings: HpssSettings) -> Self:
        stop = min(start + hops * HOP, frames)
        total = 1 + frames // HOP
        # Frame i is centred on sample i * HOP, so it reaches N_FFT / 2 to either side of it.
        first = max(0, start // HOP - _OVERLAP // 2 + 1)
        last = min(total, -(-stop // HOP) + _OVERLAP // 2)
        context = settings.kernel[0] // 2
        low, high = max(0, first - context), min(total, last + context)
        return cls(start, stop, first, last, low, high, total)

    @property
    def samples(self) -> tuple[int, int]:
        """The first sample of frame ``low``, and the number of samples up to frame ``high``."""
        return self.low * HOP - N_FFT // 2, (self.high - self.low - 1) * HOP + N_FFT


def _parts(
    block: _Block, samples: FloatArray, settings: HpssSettings, count: int
) -> list[FloatArray]:
    """The harmonic part and, where ``count`` is 2, the percussive part."""
    spectra = _stft(samples)
    magnitude = np.abs(spectra)
    along_time = _median_in_time(magnitude, block, settings.kernel[0])
    inside = slice(block.first - block.low, block.last - block.low)
    along_frequency = _median_in_frequency(magnitude[inside], settings.kernel[1])
    both = [(along_time, along_frequency), (along_frequency, along_time)]
    return [
        _synthesise(
            spectra[inside]
            * soft_mask(part, other, margin, settings.power, settings.complementary),
            block,
        )
        for (part, other), margin in zip(both[:count], settings.margin, strict=False)
    ]


def _stft(samples: FloatArray) -> Spectra:
    """(frames, channels, bins) complex64."""
    framed = np.lib.stride_tricks.sliding_window_view(samples, N_FFT, axis=1)[:, ::HOP]
    windowed = framed.transpose(1, 0, 2) * _WINDOW.astype(np.float32)
    spectra: Spectra = scipy.fft.rfft(windowed, axis=-1, overwrite_x=True)
    return spectra


def _median_in_time(magnitude: FloatArray, block: _Block, kernel: int) -> FloatArray:
    """Frames ``first`` to ``last`` of the median; ``magnitude`` starts at frame ``low``."""
    context = kernel // 2
    rows = reflected(block.first - context, block.last + context, block.total) - block.low
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

    ``part``, ``other``: float32 of one shape, >= 0, not modified. Where both are zero, the mask is
    one half with ``split_zeros``, so that the masks sum to one, and else zero, as in librosa.
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


def _synthesise(spectra: Spectra, block: _Block) -> FloatArray:
    """The block's samples by weighted overlap-add (Griffin and Lim, 1984)."""
    frames, channels, _ = spectra.shape
    pieces = scipy.fft.irfft(spectra, n=N_FFT, axis=-1, overwrite_x=True)
    pieces *= _WINDOW.astype(np.float32)
    hops = np.zeros((frames + _OVERLAP - 1, channels, HOP), dtype=np.float32)
    weights = np.zeros((frames + _OVERLAP - 1, 1, HOP))
    squared = _WINDOW**2
    for part in range(_OVERLAP):
        inside = slice(part * HOP, (part + 1) * HOP)
        hops[part : part + frames] += pieces[..., inside]
        weights[part : part + frames] += squared[inside]
    # Hop 0 begins half a window before the centre of frame ``first``.
    offset = block.start - (block.first * HOP - N_FFT // 2)
    count = block.stop - block.start
    low, high = offset // HOP, -(-(offset + count) // HOP)
    scaled = hops[low:high] / weights[low:high].astype(np.float32)
    signal = scaled.transpose(1, 0, 2).reshape(channels, -1)
    begin = offset - low * HOP
    return np.ascontiguousarray(signal[:, begin : begin + count])
