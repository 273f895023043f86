"""SHA-256 of uploads, taken while their bytes arrive.

A hash that is under way cannot be stored: hashlib gives its inner state to nobody. So each process
remembers the hashes of the uploads that it received last, and goes on with them when the next
bytes come. What it has not seen itself (another process received it, or this one was started
since) is read from the disk once, at the end. An upload that comes in one request is never read
for its hash, and a resumed one at most once, however many requests it took.
"""

import hashlib
import threading
from collections import OrderedDict
from pathlib import Path
from uuid import UUID

BLOCK_BYTES = 1024 * 1024
REMEMBERED = 256
"""Uploads whose hash a process keeps, a few hundred bytes each."""


class Digest:
    """The hash of the first ``offset`` bytes of an upload."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.offset = 0

    def update(self, block: bytes) -> None:
        self._hash.update(block)
        self.offset += len(block)

    def catch_up(self, path: Path) -> None:
        """Read what is missing up to the end of the file."""
        with path.open("rb") as file:
            file.seek(self.offset)
            while block := file.read(BLOCK_BYTES):
                self.update(block)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


class DigestMemory:
    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        self._kept: OrderedDict[UUID, Digest] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, upload_id: UUID) -> Digest:
        """What is remembered, which is forgotten by this; a new one where nothing is."""
        with self._lock:
            return self._kept.pop(upload_id, None) or Digest()

    def keep(self, upload_id: UUID, digest: Digest) -> None:
        with self._lock:
            self._kept[upload_id] = digest
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)


digests = DigestMemory()
