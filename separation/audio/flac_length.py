"""A FLAC file that makes no claim about its length: where it makes one, libsndfile stops there."""

import io
from pathlib import Path
from typing import Any

from separation.audio.mpeg_frames import id3_bytes

_MARKER = b"fLaC"
_TOTAL_AT = 21
"""Behind the marker's first byte: the low half of this byte and the next four are the number of
frames, 0 where it is unknown (RFC 9639, section 8.2)."""

_TOTAL_BYTES = 5

_BLOCK_BYTES = 1 << 16


class LengthlessFlac(io.FileIO):
    """The file, read only, with 0 for its number of frames; ``claimed_frames`` is what it says."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "r")
        self._total_at: int | None = None
        start = id3_bytes(self.read(10))
        self.seek(start)
        head = self.read(_TOTAL_AT + _TOTAL_BYTES)
        is_flac = head.startswith(_MARKER) and len(head) == _TOTAL_AT + _TOTAL_BYTES
        total = int.from_bytes(head[_TOTAL_AT:], "big") & 2**36 - 1 if is_flac else 0
        self.claimed_frames = total or None
        self._total_at = start + _TOTAL_AT if is_flac else None
        self.seek(0)

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return self.readall()
        buffer = bytearray(size)
        return bytes(buffer[: self.readinto(buffer)])

    def readall(self) -> bytes:
        """In blocks, as that of ``FileIO`` goes round ``readinto``, and so does its ``read``."""
        return b"".join(iter(lambda: self.read(_BLOCK_BYTES), b""))

    def readinto(self, buffer: Any) -> int:
        at = self.tell()
        count = super().readinto(buffer) or 0
        if self._total_at is not None:
            for place in range(self._total_at, self._total_at + _TOTAL_BYTES):
                if at <= place < at + count:
                    kept = 0xF0 if place == self._total_at else 0
                    view = memoryview(buffer)
                    view[place - at : place - at + 1] = bytes((view[place - at] & kept,))
        return count
