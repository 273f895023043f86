"""Sums stems from their files with gain and pan, block by block."""

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
"""Formats with sample-accurate seeking; other files are decoded from their start."""


def pan_matrix(pan: float) -> NDArray[np.float64]:
    """Return the (2, 2) matrix that ``pan`` (-1 left to 1 right) applies to left and right.

    This is the equal-power law for stereo of the Web Audio API (section 1.27, StereoPannerNode),
    which the mixer uses. In the middle nothing changes; towards a side the sound of the other side
    is added to it.
    """
    angle = (pan + 1 if pan <= 0 else pan) * math.pi / 2
    across, along = math.cos(angle), math.sin(angle)
    if pan <= 0:
        return np.array([[1.0, across], [0.0, along]])
    return np.array([[across, 0.0], [along, 1.0]])


class SequentialReader(Closing):
    """Reads a lossy file forward only: it decodes and drops the frames before the requested
    ones."""

    def __init__(self, path: Path) -> None:
        self._reader = open_reader(path, sniff(path))
        self._blocks = self._reader.blocks()
        self._held = np.zeros((CHANNELS, 0), dtype=np.float32)
        self._first = 0

    def read(self, start: int, count: int) -> FloatArray:
        """Return frames ``start`` to ``start + count``, with zeros behind the end. ``start`` must
        not lie before the end of the last read."""
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
    """Yield the sum of the task's files over its range as float32 (2, n) blocks, at the original
    speed."""
    with ExitStack() as stack:
        strips: list[tuple[BlockReader | SequentialReader, NDArray[np.float64]]] = []
        for file in task.files:
            reader = _open_file(file.path)
            stack.enter_context(reader)
            strips.append((reader, file.gain * pan_matrix(file.pan)))
        for done in range(0, task.frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, task.frames - done)
            total = np.zeros((CHANNELS, count))
            for strip, matrix in strips:
                total += matrix @ strip.read(task.start + done, count)
            yield total.astype(np.float32)


def _open_file(path: Path) -> BlockReader | SequentialReader:
    return BlockReader(path) if path.suffix in _SEEKABLE else SequentialReader(path)
