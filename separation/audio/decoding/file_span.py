"""A span of a file, with some bytes replaced, as a file object for a decoding library.

A library that reads one song per file can thus read the second song of a file, and a library that
trusts a header reads a corrected header.
"""

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BLOCK_BYTES = 1 << 16


@dataclass(frozen=True)
class Span:
    """Offsets in a file; ``end`` is excluded, and ``None`` means the end of the file."""

    start: int = 0
    end: int | None = None


WHOLE = Span()


class FileSpan(io.FileIO):
    """One span of a file, read only; offset 0 is the start of the span.

    ``patches``: bytes that replace those of the file, by their offset in the whole file.
    """

    def __init__(
        self, path: Path, span: Span = WHOLE, patches: Mapping[int, bytes] | None = None
    ) -> None:
        super().__init__(path, "r")
        size = os.fstat(self.fileno()).st_size
        self._patches = dict(patches or {})
        self._end = size if span.end is None else min(span.end, size)
        self._start = min(span.start, self._end)
        self.seek(0)

    def seek(self, target: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: self._start, os.SEEK_CUR: super().tell(), os.SEEK_END: self._end}
        place = base[whence] + target
        if place < self._start:
            raise ValueError(f"there is no offset {place - self._start}")
        return super().seek(place) - self._start

    def tell(self) -> int:
        return super().tell() - self._start

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            return self.readall()
        buffer = bytearray(size)
        return bytes(buffer[: self.readinto(buffer)])

    def readall(self) -> bytes:
        """Read in blocks: ``readall`` and ``read`` of ``FileIO`` do not call ``readinto``."""
        return b"".join(iter(lambda: self.read(_BLOCK_BYTES), b""))

    def readinto(self, buffer: Any, /) -> int:
        at = super().tell()
        view = memoryview(buffer).cast("B")
        count = super().readinto(view[: max(self._end - at, 0)]) or 0
        for place, new in self._patches.items():
            first, last = max(place, at), min(place + len(new), at + count)
            if first < last:
                view[first - at : last - at] = new[first - place : last - place]
        return count
