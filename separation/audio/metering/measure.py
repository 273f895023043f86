"""Measures of the canonical song, computed while it is written."""

import math

import numpy as np

from separation.audio.blocks import FloatArray


class SongMeasure:
    """Frames, peak, and mean and standard deviation of the mono mix of (channels, n) blocks.

    The blocks' moments are merged as in Chan, Golub and LeVeque, "Updating formulae and a
    pairwise algorithm for computing sample variances" (1979), in float64: a plain sum of squares
    over ten hours would lose the significant digits.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.peak = 0.0
        self.mean = 0.0
        self._squares = 0.0

    def write(self, block: FloatArray) -> None:
        count = block.shape[1]
        if not count:
            return
        self.peak = max(self.peak, float(np.abs(block).max()))
        mono = block.mean(axis=0, dtype=np.float64)
        mean = float(mono.mean())
        offset = mean - self.mean
        total = self.frames + count
        self._squares += float(np.square(mono - mean).sum())
        self._squares += offset * offset * self.frames * count / total
        self.mean += offset * count / total
        self.frames = total

    @property
    def std(self) -> float:
        """With Bessel's correction, as torch computes it; 0 for a single frame."""
        return math.sqrt(self._squares / (self.frames - 1)) if self.frames > 1 else 0.0
