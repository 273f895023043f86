"""A part of a file that Django names in a header and the gateway sends."""

import os
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes


@dataclass(frozen=True)
class HandedFile:
    path: bytes
    start: int
    count: int

    def to_header(self) -> str:
        return f"{self.start} {self.count} {quote(self.path)}"

    @classmethod
    def from_header(cls, text: str) -> "HandedFile":
        start, count, path = text.split(" ")
        return cls(unquote_to_bytes(path), int(start), int(count))

    def open(self) -> int:
        """A descriptor. Raises ``OSError`` where the file is gone or has become shorter."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        if os.fstat(descriptor).st_size < self.start + self.count:
            os.close(descriptor)
            raise OSError(f"{os.fsdecode(self.path)} has become shorter")
        return descriptor
