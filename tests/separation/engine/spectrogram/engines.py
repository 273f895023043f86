"""Mask engines without a network, and songs that lie in memory."""

from collections.abc import Iterator

import numpy as np

from separation.audio.blocks import BLOCK_FRAMES, FloatArray
from separation.engine.interface import Engine
from separation.engine.spectrogram.layout import FRAMES

STEMS = ("low", "high", "rest")


class UnevenMasks(Engine):
    """Three masks that depend on everything in the window and on the place in it, so that no window
    is like another; ``windows`` holds how many each batch had."""

    name = "uneven"
    stems = STEMS
    segment_frames = FRAMES

    def __init__(self, batch_size: int = 1) -> None:
        self.batch_size = batch_size
        self.windows: list[int] = []

    def input_frames(self, frames: int) -> int:
        return FRAMES

    def run(self, windows: FloatArray) -> FloatArray:
        assert windows.dtype == np.float32
        self.windows.append(len(windows))
        return np.stack([self._masks(np.hypot(*np.moveaxis(one, -1, 0))) for one in windows])

    def _masks(self, window: FloatArray) -> FloatArray:
        place = np.linspace(0.1, 1, FRAMES, dtype=np.float32)[:, None]
        level = window / (window.mean() + np.float32(1e-3))
        shares = np.stack([place + 0 * level, np.minimum(level, 5) + 0.1, np.sqrt(level) + 0.01])
        masks: FloatArray = shares / shares.sum(axis=0)
        return masks


class EqualMasks(UnevenMasks):
    """Every stem gets the same share."""

    def _masks(self, window: FloatArray) -> FloatArray:
        return np.full((len(STEMS), *window.shape), 1 / len(STEMS), dtype=np.float32)


class RoughMasks(UnevenMasks):
    """What half precision makes of masks: they sum to one by three digits only."""

    def _masks(self, window: FloatArray) -> FloatArray:
        rough: FloatArray = super()._masks(window).astype(np.float16).astype(np.float32) * 1.003
        return rough


class ArraySong:
    """(channels, frames) with zeros around it; ``reads`` holds (start, count)."""

    def __init__(self, samples: FloatArray) -> None:
        self._samples = samples
        self.channels, self.frames = samples.shape
        self.reads: list[tuple[int, int]] = []

    def read(self, start: int, count: int) -> FloatArray:
        self.reads.append((start, count))
        out = np.zeros((self.channels, count), dtype=np.float32)
        first, last = max(start, 0), min(start + count, self.frames)
        if last > first:
            out[:, first - start : last - start] = self._samples[:, first:last]
        return out

    def blocks(self, block_frames: int = BLOCK_FRAMES) -> Iterator[FloatArray]:
        for start in range(0, self.frames, block_frames):
            yield self._samples[:, start : start + block_frames]


def noise(frames: int, seed: int = 0) -> FloatArray:
    """Stereo noise whose level wanders."""
    chance = np.random.default_rng(seed)
    swell = 0.2 + 0.1 * np.sin(np.arange(frames) / 9_000)
    return (chance.standard_normal((2, frames)) * swell).astype(np.float32)
