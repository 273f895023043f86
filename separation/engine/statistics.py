"""Measures the mean and the deviation by which Demucs normalises a song, in one pass."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from separation.audio.blocks import BLOCK_FRAMES, FloatArray
from separation.progress import Report, ignore_progress

SCALE_FLOOR = 1e-8
"""Added to the deviation, so that silence is not divided by 0 (demucs/api.py)."""


class StreamedSong(Protocol):
    """A song that can be read in windows; zeros outside 0..frames. ``BlockReader`` is one."""

    frames: int
    channels: int

    def read(self, start: int, count: int) -> FloatArray: ...

    def blocks(self, block_frames: int = BLOCK_FRAMES) -> Iterator[FloatArray]: ...


@dataclass(frozen=True)
class MonoStatistics:
    """Mean and standard deviation (n - 1 in the divisor, as torch has it) of the mono mix."""

    mean: float
    std: float

    @property
    def scale(self) -> float:
        """The divisor of Demucs' normalisation, and its factor on the way back."""
        return self.std + SCALE_FLOOR


AS_IT_IS = MonoStatistics(mean=0.0, std=1.0)
"""For networks that take the song unchanged: in float32, 1 and 1 + ``SCALE_FLOOR`` are equal."""


def measure_mono(song: StreamedSong, report: Report = ignore_progress) -> MonoStatistics:
    """Mean and deviation of the mean over channels, in float64, block by block.

    ``report`` is called after every block, because hours of sound take a while to read.

    Blocks are merged by the update of Chan, Golub and LeVeque, "Updating Formulae and a Pairwise
    Algorithm for Computing Sample Variances" (1979), which stays exact where a sum of squares
    would cancel. A song of one frame has deviation 0 (torch would return NaN).
    """
    count, mean, squares = 0, 0.0, 0.0
    for block in song.blocks():
        mono = block.mean(axis=0, dtype=np.float64)
        n = mono.size
        block_mean = float(mono.mean())
        delta = block_mean - mean
        squares += float(((mono - block_mean) ** 2).sum()) + delta**2 * count * n / (count + n)
        mean += delta * n / (count + n)
        count += n
        report(count / song.frames)
    return MonoStatistics(
        mean=mean, std=float(np.sqrt(squares / (count - 1))) if count > 1 else 0.0
    )
