"""Block-wise access to the canonical float files that one stage passes to the next.

Arrays are float32 of shape (channels, frames), full scale 1.0, everywhere in this package.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from numpy.typing import NDArray

from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.system.closeable import Closing

if TYPE_CHECKING:
    # As in separation.base.
    from separation.storage.checkpoints import Checkpoints, Earlier

FloatArray = NDArray[np.float32]

BLOCK_FRAMES = 65_536
"""One OGG write of 3 million stereo frames crashes libsndfile; 65 536 never did."""

LONG_BLOCK_FRAMES = 4 * BLOCK_FRAMES
"""Block length for stages that process several tracks in parallel threads. The threads wait for
Python's lock between the operations on a block: blocks of 65 536 take a third longer (measured)."""

FRAME_BYTES = CHANNELS * np.dtype(np.float32).itemsize
_log = logging.getLogger("checkpoint")


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

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class StemWriters(Closing):
    """One :class:`FloatWriter` per stem, opened and closed together.

    With ``checkpoints`` the finished frames survive the process: the writers start with the frames
    that an earlier attempt finished, and ``frames`` is the frame at which to continue. ``frames``
    is always the end of one :meth:`write`.
    """

    def __init__(
        self,
        directory: Path,
        stems: list[str],
        checkpoints: "Checkpoints | None" = None,
        *,
        made_by: Callable[[], str] = str,
    ) -> None:
        """``made_by`` returns the name of what computes the frames, for a separator whose identity
        does not include it. Frames with another name are not continued."""
        self._paths = {stem: directory / f"{stem}.wav" for stem in stems}
        self._checkpoints = checkpoints
        self._made_by = made_by
        self.frames = 0
        self._open()
        if checkpoints is not None:
            try:
                self._take_up(checkpoints)
            except BaseException:
                self.close()
                raise

    def write(self, blocks: Mapping[str, FloatArray]) -> None:
        """Append one block of equal length to every stem."""
        length = 0
        for stem, writer in self._writers.items():
            writer.write(blocks[stem])
            length = blocks[stem].shape[1]
        self.frames += length
        if self._checkpoints is not None and self._checkpoints.is_due:
            self._flush()
            self._checkpoints.save(self.frames, self._paths, FRAME_BYTES, self._made_by())
            self._checkpoints.stop_if_asked()

    @property
    def paths(self) -> dict[str, Path]:
        return dict(self._paths)

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()

    def _open(self) -> None:
        self._writers = {stem: FloatWriter(path) for stem, path in self._paths.items()}

    def _flush(self) -> None:
        for writer in self._writers.values():
            writer.flush()

    def _take_up(self, checkpoints: "Checkpoints") -> None:
        from separation.storage.checkpoints import CheckpointDamaged

        for earlier in checkpoints.begin(list(self._paths), self._made_by()):
            try:
                self._copy(earlier, checkpoints)
            except CheckpointDamaged as error:
                _log.warning("a checkpoint is not used, as %s", error)
                self.close()
                self._open()
            else:
                self.frames = earlier.record.frames
                self._flush()
                checkpoints.take_up(self.frames, self._paths, FRAME_BYTES, self._made_by())
                return
        checkpoints.drop_earlier()

    def _copy(self, earlier: "Earlier", checkpoints: "Checkpoints") -> None:
        earlier.check_length(FRAME_BYTES)
        for stem, writer in self._writers.items():
            for data in earlier.read(stem):
                checkpoints.copying()
                writer.write(np.frombuffer(data, dtype="<f4").reshape(-1, CHANNELS).T)
