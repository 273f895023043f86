"""Block-wise access to the canonical float files that stages hand to each other.

Arrays are float32 of shape (channels, frames), full scale 1.0, everywhere in this package.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.closing import Closing

FloatArray = NDArray[np.float32]

BLOCK_FRAMES = 65_536
"""One OGG write of 3 million stereo frames crashes libsndfile; 65 536 never did."""


class BlockReader(Closing):
    """Random access to one audio file; reads past either end give zeros."""

    def __init__(self, path: Path) -> None:
        self._file = soundfile.SoundFile(path)
        self.frames: int = self._file.frames
        self.sample_rate_hz: int = self._file.samplerate
        self.channels: int = self._file.channels

    def read(self, start: int, count: int) -> FloatArray:
        """Frames ``start`` to ``start + count`` as (channels, count); outside the file: zeros."""
        out = np.zeros((self.channels, count), dtype=np.float32)
        first, last = max(start, 0), min(start + count, self.frames)
        if last > first:
            if self._file.tell() != first:
                self._file.seek(first)
            data = self._file.read(last - first, dtype="float32", always_2d=True)
            out[:, first - start : first - start + len(data)] = data.T
        return out

    def blocks(self, block_frames: int = BLOCK_FRAMES) -> Iterator[FloatArray]:
        """The whole file in order; the last block may be shorter."""
        for start in range(0, self.frames, block_frames):
            yield self.read(start, min(block_frames, self.frames - start))

    def close(self) -> None:
        self._file.close()


class FloatWriter(Closing):
    """Appends blocks to one float32 RF64 file, which has no 4 GiB limit."""

    def __init__(
        self, path: Path, *, sample_rate_hz: int = SAMPLE_RATE_HZ, channels: int = CHANNELS
    ) -> None:
        self.path = path
        self._file = soundfile.SoundFile(
            path,
            "w",
            samplerate=sample_rate_hz,
            channels=channels,
            format="RF64",
            subtype="FLOAT",
        )

    def write(self, block: FloatArray) -> None:
        """Append (channels, frames)."""
        for start in range(0, block.shape[1], BLOCK_FRAMES):
            self._file.write(np.ascontiguousarray(block[:, start : start + BLOCK_FRAMES].T))

    def close(self) -> None:
        self._file.close()


class StemWriters(Closing):
    """One :class:`FloatWriter` per stem, opened and closed together."""

    def __init__(self, directory: Path, stems: list[str]) -> None:
        self._writers = {stem: FloatWriter(directory / f"{stem}.wav") for stem in stems}

    def write(self, blocks: Mapping[str, FloatArray]) -> None:
        """Append one block of equal length to every stem."""
        for stem, writer in self._writers.items():
            writer.write(blocks[stem])

    @property
    def paths(self) -> dict[str, Path]:
        return {stem: writer.path for stem, writer in self._writers.items()}

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()
