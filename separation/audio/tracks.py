"""Tracks between stages: a track is a sum of float files with gains, computed when it is read.

Composites, the residual and a common gain are linear and are stored as recipes: no stage writes a
file that another can compute while reading. Only new audio (a stem, the harmonic part) is on disk.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from separation.audio.blocks import BLOCK_FRAMES, BlockReader, FloatArray
from separation.system.closeable import Closing

_LARGEST = float(np.finfo(np.float32).max)

SoundKey = tuple[tuple[str, float], ...]
"""Files and their gains, in an order that does not depend on that of the sum."""


class Term(BaseModel):
    """One file of a sum; ``path`` is relative to the job's ``work`` folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    gain: float = 1.0


class Track(BaseModel):
    """One track that a person can download.

    ``name`` is unique within the job and appears in addresses. ``folder`` and ``file_stem`` are
    its place in the job's outputs (``demucs_output/vocals.*``). ``stage`` is the stage that created
    it. ``parent`` is the name of the track whose part or other version it is. ``note`` says what
    the track is, where its name does not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    folder: str
    file_stem: str
    stage: str
    terms: tuple[Term, ...]
    parent: str | None = None
    note: str = ""

    def scaled(self, gain: float, *, name: str, folder: str, stage: str) -> "Track":
        """The same sound times ``gain`` (linear) under another name."""
        terms = tuple(Term(path=term.path, gain=term.gain * gain) for term in self.terms)
        return Track(
            name=name,
            folder=folder,
            file_stem=self.file_stem,
            stage=stage,
            terms=terms,
            note=self.note,
        )

    def sound_key(self, gain: float = 1.0) -> "SoundKey":
        """Equal for tracks that, times ``gain`` (linear), are the same sum of the same files."""
        # Rounded, as the same gain may have been reached by two ways.
        scaled = ((term.path, float(f"{term.gain * gain:.12g}")) for term in self.terms)
        return tuple(sorted(scaled))


class TrackReader(Closing):
    """Reads a track as (channels, frames) float32 blocks; all its files have equal length."""

    def __init__(self, track: Track, work_dir: Path) -> None:
        self._stack = ExitStack()
        try:
            self._parts = [
                (self._stack.enter_context(BlockReader(work_dir / term.path)), term.gain)
                for term in track.terms
            ]
        except BaseException:
            self._stack.close()
            raise
        self.frames = self._parts[0][0].frames
        self.sample_rate_hz = self._parts[0][0].sample_rate_hz

    def read(self, start: int, count: int) -> FloatArray:
        """Frames ``start`` to ``start + count``, zeros outside; sums in float64."""
        if len(self._parts) == 1 and self._parts[0][1] == 1.0:
            return self._parts[0][0].read(start, count)
        total = np.zeros((self._parts[0][0].channels, count))
        for reader, gain in self._parts:
            block = reader.read(start, count)
            if gain != 1.0:
                # The gain that normalises the faintest song exceeds the range of float32.
                block = block * (np.float32(gain) if abs(gain) < _LARGEST else np.float64(gain))
            total += block
        return total.astype(np.float32)

    def blocks(self, block_frames: int = BLOCK_FRAMES) -> Iterator[FloatArray]:
        for start in range(0, self.frames, block_frames):
            yield self.read(start, min(block_frames, self.frames - start))

    def close(self) -> None:
        self._stack.close()
