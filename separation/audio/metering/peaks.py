"""Peak files, from which waveforms are drawn: the lowest and highest sample of each segment.

A peak file begins with 16 bytes: ``SSPK``, one byte of format version, one byte with the number of
levels, two of zeros, rate in Hz and frames as 32-bit little-endian integers. Then it holds each
level of ``LEVELS`` in turn. A level has two signed bytes for each segment, the lowest and highest
sample over both channels; 127 is full scale, and samples beyond it are clipped. Five minutes take
140 kB.
"""

import struct
from typing import NamedTuple

import numpy as np

from separation.audio.blocks import FloatArray

LEVELS = (256, 1024, 4096, 16384)
"""Frames per segment; each is a multiple of the one before."""

_HEADER = struct.Struct("<4sBBHII")
_FULL_SCALE = 127


class PeakLevel(NamedTuple):
    """``samples``: frames per segment; ``offset``: position of the first pair in the file, in
    bytes; ``pairs``: number of pairs."""

    samples: int
    offset: int
    pairs: int


class PeakMeter:
    """Reduces blocks of float32 (channels, frames) to pairs of peaks."""

    def __init__(self) -> None:
        self._frames = 0
        self._pending = np.zeros((2, 0), dtype=np.float32)
        self._pairs: list[np.ndarray] = []

    def write(self, block: FloatArray) -> None:
        if not block.shape[1]:
            return
        self._frames += block.shape[1]
        edges = np.concatenate([self._pending, [block.min(axis=0), block.max(axis=0)]], axis=1)
        whole = edges.shape[1] // LEVELS[0] * LEVELS[0]
        self._keep(edges[:, :whole])
        self._pending = edges[:, whole:]

    def _keep(self, edges: FloatArray) -> None:
        """Append the peaks of whole segments, as bytes, so that a song of hours stays small."""
        pieces = edges.reshape(2, -1, LEVELS[0])
        pairs = np.stack([pieces[0].min(axis=1), pieces[1].max(axis=1)], axis=1)
        steps = np.rint(np.clip(pairs, -1.0, 1.0) * _FULL_SCALE)
        self._pairs.append(steps.astype(np.int8))

    def finish(self, sample_rate_hz: int) -> tuple[bytes, tuple[PeakLevel, ...]]:
        """Return the content of the file, and its levels; call it once."""
        if self._pending.shape[1]:
            missing = LEVELS[0] - self._pending.shape[1]
            self._keep(np.pad(self._pending, ((0, 0), (0, missing)), mode="edge"))
        pairs = np.concatenate(self._pairs) if self._pairs else np.zeros((0, 2), dtype=np.int8)
        parts = [_HEADER.pack(b"SSPK", 1, len(LEVELS), 0, sample_rate_hz, self._frames)]
        levels, offset = [], _HEADER.size
        for samples, finer in zip(LEVELS, (None, *LEVELS), strict=False):
            if finer is not None:
                pairs = _coarser(pairs, samples // finer)
            levels.append(PeakLevel(samples, offset, len(pairs)))
            parts.append(pairs.tobytes())
            offset += pairs.nbytes
        return b"".join(parts), tuple(levels)


def _coarser(pairs: np.ndarray, factor: int) -> np.ndarray:
    """Return pairs (n, 2) of segments ``factor`` times as long; the last one may be shorter."""
    starts = np.arange(0, len(pairs), factor)
    if not len(starts):
        return pairs
    lowest = np.minimum.reduceat(pairs[:, 0], starts)
    return np.stack([lowest, np.maximum.reduceat(pairs[:, 1], starts)], axis=1)
