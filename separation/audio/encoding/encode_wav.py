"""Writer of plain 16-bit and 24-bit WAV files, and their verification without decoding.

libsndfile writes through a buffer of 8 KB with one system call each, and 22 tracks of 24-bit WAV
are 1 GB for three minutes of song. This writer creates the same bytes as libsndfile.
"""

import errno
import hashlib
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from separation.audio.blocks import FloatArray
from separation.audio.encoding.encoder import Encoder, in_steps
from separation.base import CHANNELS
from separation.errors import DiskFull, OutputInvalid
from separation.progress import never_stop
from separation.storage.atomic_files import FileDigest

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
"""RIFF with a plain PCM format chunk and the head of the data chunk (Microsoft, "Multimedia
Programming Interface and Data Specifications 1.0", 1991)."""

_PCM = 1
_READ_BYTES = 1 << 18
"""Size of a piece that is read back: it stays in the second-level cache for both checksums."""


@dataclass(frozen=True)
class WrittenWav:
    """A written file: its layout, and the CRC-32 and length of its samples."""

    sample_rate_hz: int
    bits: int
    data_bytes: int
    crc32: int
    silent: bool

    @property
    def frames(self) -> int:
        return self.data_bytes // (CHANNELS * self.bits // 8)

    def header(self, file_bytes: int) -> bytes:
        """Return the first bytes of a file of ``file_bytes``, which includes tags behind the
        samples."""
        frame_bytes = CHANNELS * self.bits // 8
        return _HEADER.pack(
            *(b"RIFF", file_bytes - 8, b"WAVE", b"fmt ", 16, _PCM, CHANNELS),
            *(self.sample_rate_hz, self.sample_rate_hz * frame_bytes, frame_bytes, self.bits),
            *(b"data", self.data_bytes),
        )


class PcmWavEncoder(Encoder):
    """Two channels of 16 or 24 bits. ``written`` describes the file after :meth:`close`."""

    def __init__(self, path: Path, sample_rate_hz: int, bits: int) -> None:
        self._pack = {16: pack_16, 24: pack_24}[bits]
        self.written = WrittenWav(sample_rate_hz, bits, 0, 0, silent=True)
        self._crc32 = self._data_bytes = 0
        self._silent = True
        self._file = path.open("wb", buffering=0)
        self._append(self.written.header(_HEADER.size))

    def _write(self, block: FloatArray) -> None:
        data = self._pack(block)
        self._crc32 = zlib.crc32(data.data, self._crc32)
        self._data_bytes += len(data)
        self._silent = self._silent and not data.any()
        self._append(data.data)

    def _append(self, data: bytes | memoryview) -> None:
        remaining = memoryview(data)
        try:
            while remaining:
                remaining = remaining[self._file.write(remaining) or 0 :]
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise DiskFull("A track could not be written: the disk is full.") from error

    def close(self) -> None:
        """Put the lengths into the header; may be called twice."""
        if self._file.closed:
            return
        rate_hz, bits = self.written.sample_rate_hz, self.written.bits
        self.written = WrittenWav(rate_hz, bits, self._data_bytes, self._crc32, self._silent)
        with self._file as file:
            file.seek(0)
            self._append(self.written.header(_HEADER.size + self._data_bytes))


def pack_16(block: FloatArray) -> NDArray[np.uint8]:
    """Return (2, n) float32 within full scale as bytes of interleaved little-endian samples."""
    return np.ascontiguousarray(in_steps(block, 16).T.astype("<i2")).view(np.uint8).reshape(-1)


def pack_24(block: FloatArray) -> NDArray[np.uint8]:
    """Return the same with three bytes a sample.

    Two frames, l r L R, are packed as three 32-bit words: a third of the time of copying bytes.
    """
    frames = block.shape[1]
    if frames % 2:
        block = np.pad(block, ((0, 0), (0, 1)))
    steps = in_steps(block, 24).astype(np.int32).view(np.uint32)
    left, right = steps.reshape(CHANNELS, -1, 2)
    first, second = left[:, 0] & 0xFFFFFF, left[:, 1] & 0xFFFFFF
    between = right[:, 0] & 0xFFFFFF
    words = np.empty((len(left), 3), dtype="<u4")
    np.bitwise_or(first, between << 24, out=words[:, 0])
    np.bitwise_or(between >> 8, second << 16, out=words[:, 1])
    np.bitwise_or(second >> 16, right[:, 1] << 8, out=words[:, 2])
    return words.reshape(-1).view(np.uint8)[: frames * CHANNELS * 3]


def verify_written(
    path: Path,
    written: WrittenWav,
    *,
    frames: int,
    may_be_silent: bool,
    check: Callable[[], None] = never_stop,
) -> FileDigest:
    """Read a finished file back once and return its digest.

    The header must state the layout, and the samples behind it must have the checksum that they
    had in memory. A decoder would then find the same samples, so none is run. The bytes behind the
    samples are tags. Raises ``OutputInvalid`` in words. ``check`` is called for every piece; what
    it raises is passed on.
    """
    if not path.is_file():
        raise OutputInvalid(f"The file {path.name} was not written.")
    digest, crc32, size = hashlib.sha256(), 0, 0
    data_left = written.data_bytes
    buffer = memoryview(bytearray(_READ_BYTES))
    with path.open("rb", buffering=0) as file:
        expected_head = written.header(path.stat().st_size)
        head = file.read(_HEADER.size)
        if head != expected_head:
            raise OutputInvalid(f"The file {path.name} is wrong: its header was damaged.")
        digest.update(head)
        while count := file.readinto(buffer):
            check()
            digest.update(buffer[:count])
            crc32 = zlib.crc32(buffer[: min(count, data_left)], crc32)
            data_left -= min(count, data_left)
            size += count
    if data_left or crc32 != written.crc32:
        raise OutputInvalid(f"The file {path.name} is damaged: it does not hold what was written.")
    if written.frames != frames:
        raise OutputInvalid(
            f"The file {path.name} is wrong: frames {written.frames}, not {frames}."
        )
    if written.silent and not may_be_silent:
        raise OutputInvalid(f"The file {path.name} is silent from start to end.")
    return FileDigest(sha256=digest.hexdigest(), size=_HEADER.size + size)
