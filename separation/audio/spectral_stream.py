"""Process a sound in the short-time spectrum, in memory that does not grow with the sound.

Analysis and synthesis use a Hann window with three quarters of overlap (weighted overlap-add:
Griffin and Lim, "Signal estimation from modified short-time Fourier transform", 1984). The frames
begin before the first sample and end behind the last. Every sample therefore lies in four frames,
and their squared windows sum to 3/2: an unchanged spectrum returns the same sound, up to the
rounding of float32.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from separation.audio.blocks import FloatArray
from separation.audio.hpss import HpssSource, Sink
from separation.progress import Report, ignore_progress

OVERLAP = 4
_SQUARES = 1.5
BLOCK_FRAMES = 64
"""Spectral frames per block: 8 MB of spectra for each source with frames of 4096 samples."""

Spectra = NDArray[np.complexfloating[Any, Any]]
Change = Callable[[Sequence[Spectra]], Spectra]
"""Maps the spectra of all sources, (frames, channels, bins) complex64 each, to the result's."""


@dataclass(frozen=True)
class Grid:
    """``size``: samples of a window, a multiple of ``OVERLAP``; ``total``: samples of the sound."""

    size: int
    total: int

    @property
    def hop(self) -> int:
        return self.size // OVERLAP

    @property
    def bins(self) -> int:
        return self.size // 2 + 1

    def blocks(self, frames: int = BLOCK_FRAMES) -> Iterator[tuple[int, int]]:
        """Yield the first frame and the number of frames of each block, over all frames that
        overlap the sound. Frame ``i`` begins at sample ``(i - OVERLAP + 1) * hop``."""
        count = -(-self.total // self.hop) + OVERLAP - 1
        for first in range(0, count, frames):
            yield first, min(frames, count - first)

    def samples(self, first: int, frames: int) -> tuple[int, int]:
        """Return the first sample of the frames, and the number of samples that they span."""
        return (first - OVERLAP + 1) * self.hop, (frames - 1) * self.hop + self.size


def window(size: int) -> NDArray[np.float32]:
    """A periodic Hann window."""
    return np.hanning(size + 1)[:-1].astype(np.float32)


def spectra_of(samples: FloatArray, grid: Grid) -> Spectra:
    """Return (frames, channels, bins) complex64 of ``samples`` (channels, samples), which span
    whole frames as :meth:`Grid.samples` computes them."""
    framed = np.lib.stride_tricks.sliding_window_view(samples, grid.size, axis=1)[:, :: grid.hop]
    spectra: Spectra = scipy.fft.rfft(framed.transpose(1, 0, 2) * window(grid.size), axis=-1)
    return spectra


class SpectralOverlapAdd:
    """Adds overlapping frames of a spectrum to a sound and writes the completed samples."""

    def __init__(self, grid: Grid, channels: int, sink: Sink) -> None:
        self._grid = grid
        self._sink = sink
        self._tail = np.zeros((channels, grid.size - grid.hop), dtype=np.float32)
        # Samples of the first frames that lie before the sound.
        self._skip = grid.size - grid.hop
        self._remaining = grid.total

    def write(self, spectra: Spectra) -> None:
        """(frames, channels, bins), in order and without a gap."""
        grid = self._grid
        pieces = scipy.fft.irfft(spectra, n=grid.size, axis=-1)
        pieces *= window(grid.size) / np.float32(_SQUARES)
        hops = np.zeros((len(pieces) + OVERLAP - 1, pieces.shape[1], grid.hop), dtype=np.float32)
        for part in range(OVERLAP):
            hops[part : part + len(pieces)] += pieces[..., part * grid.hop : (part + 1) * grid.hop]
        sound = hops.transpose(1, 0, 2).reshape(hops.shape[1], -1)
        sound[:, : self._tail.shape[1]] += self._tail
        done = len(pieces) * grid.hop
        self._tail = sound[:, done:].copy()
        self._emit(sound[:, :done])

    def _emit(self, sound: FloatArray) -> None:
        skipped = min(self._skip, sound.shape[1])
        self._skip -= skipped
        kept = sound[:, skipped : skipped + self._remaining]
        self._remaining -= kept.shape[1]
        if kept.shape[1]:
            self._sink.write(np.ascontiguousarray(kept))


def through_spectra(
    sources: Sequence[HpssSource],
    sink: Sink,
    change: Change,
    *,
    size: int,
    channels: int,
    report: Report = ignore_progress,
) -> None:
    """Write to ``sink`` the result of ``change`` on the spectra of ``sources``, all of one length.

    ``size``: samples of a window. ``change`` receives one block after the other, in order, and may
    keep state. Raises what ``change`` and ``report`` raise.
    """
    grid = Grid(size, sources[0].frames)
    joined = SpectralOverlapAdd(grid, channels, sink)
    for first, frames in grid.blocks():
        start, length = grid.samples(first, frames)
        joined.write(change([spectra_of(each.read(start, length), grid) for each in sources]))
        report(min(1.0, max(0.0, (start + length) / max(grid.total, 1))))
