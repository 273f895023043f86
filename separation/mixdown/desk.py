"""Stems from their files through gain and pan into one sum, block by block."""

import math
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from separation.audio.blocks import BLOCK_FRAMES, BlockReader, FloatArray
from separation.audio.decoding.open_reader import open_reader
from separation.audio.decoding.sniff import sniff
from separation.base import CHANNELS
from separation.mixdown.request import MixTask
from separation.system.closeable import Closing

_SEEKABLE = (".wav", ".flac")
"""Where a seek finds the very sample; the others are decoded from their start."""


def pan_matrix(pan: float) -> NDArray[np.float64]:
    """What ``pan`` (-1 left to 1 right) makes of left and right, as a (2, 2) matrix.

    The equal-power law for stereo of the Web Audio API (section 1.27, StereoPannerNode), by which
    the mixer plays: in the middle nothing changes, to a side the other side's sound joins it.
    """
    angle = (pan + 1 if pan <= 0 else pan) * math.pi / 2
    across, along = math.cos(angle), math.sin(angle)
    if pan <= 0:
        return np.array([[1.0, across], [0.0, along]])
    return np.array([[across, 0.0], [along, 1.0]])


class InOrder(Closing):
    """Reads a lossy file forward only: what lies before a wanted frame is decoded and dropped."""

    def __init__(self, path: Path) -> None:
        self._reader = open_reader(path, sniff(path))
        self._blocks = self._reader.blocks()
        self._held = np.zeros((CHANNELS, 0), dtype=np.float32)
        self._first = 0

    def read(self, start: int, count: int) -> FloatArray:
        """Frames ``start`` to ``start + count``, which lie behind all that were read before; zeros
        behind the end."""
        parts, missing = [], count
        while missing:
            ahead = start + count - missing - self._first
            piece = self._held[:, ahead : ahead + missing]
            parts.append(piece)
            missing -= piece.shape[1]
            if missing:
                self._first += self._held.shape[1]
                following = next(self._blocks, None)
                if following is None:
                    break
                self._held = following
        silence = np.zeros((CHANNELS, missing), dtype=np.float32)
        return np.concatenate([*parts, silence], axis=1)

    def close(self) -> None:
        self._reader.close()


def mixed(task: MixTask) -> Iterator[FloatArray]:
    """The sum of the task's files over its range as float32 (2, n) blocks, before any speed."""
    with ExitStack() as stack:
        strips: list[tuple[BlockReader | InOrder, NDArray[np.float64]]] = []
        for file in task.files:
            reader = _opened(file.path)
            stack.enter_context(reader)
            strips.append((reader, file.gain * pan_matrix(file.pan)))
        for done in range(0, task.frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, task.frames - done)
            total = np.zeros((CHANNELS, count))
            for strip, matrix in strips:
                total += matrix @ strip.read(task.start + done, count)
            yield total.astype(np.float32)


def _opened(path: Path) -> BlockReader | InOrder:
    return BlockReader(path) if path.suffix in _SEEKABLE else InOrder(path)
