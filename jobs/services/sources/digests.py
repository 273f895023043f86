"""SHA-256 of uploads, computed while their bytes arrive.

The state of an unfinished hash cannot be stored, as hashlib does not export it. So each process
keeps the hashes of its last uploads in memory, and continues them when the next bytes arrive. Bytes
that the process has not received itself (another process did, or this one was restarted) are read
from the disk once, at the end. So an upload in one request is never read for its hash, and a
resumed upload at most once, however many requests it took.
"""

import hashlib
import threading
from collections import OrderedDict
from pathlib import Path
from uuid import UUID

BLOCK_BYTES = 1024 * 1024
REMEMBERED = 256
"""How many hashes a process keeps, a few hundred bytes each."""


class Digest:
    """The hash of the first ``offset`` bytes of an upload."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.offset = 0

    def update(self, block: bytes) -> None:
        self._hash.update(block)
        self.offset += len(block)

    def catch_up(self, path: Path) -> None:
        """Read the rest of the file, from ``offset`` to its end."""
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
        """Remove and return the kept hash of the upload; a new one if there is none."""
        with self._lock:
            return self._kept.pop(upload_id, None) or Digest()

    def keep(self, upload_id: UUID, digest: Digest) -> None:
        with self._lock:
            self._kept[upload_id] = digest
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)


digests = DigestMemory()
