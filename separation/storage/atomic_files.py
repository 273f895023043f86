"""Files that exist completely or not at all, also after a power cut."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from separation.progress import never_stop

_CHUNK_BYTES = 1 << 20


class FileDigest(BaseModel):
    """Digest and size of a file when it was written; ``sha256`` in hex."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    size: int

    def matches(self, path: Path, check: Callable[[], None] = never_stop) -> bool:
        """Return whether the file exists unchanged. The size is compared first, as this is
        cheap."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        return digest_of(path, check) == self


def digest_of(path: Path, check: Callable[[], None] = never_stop) -> FileDigest:
    """Read a file once and return its digest. ``check`` is called for every chunk and ends the
    reading by raising: reading hours of sound takes longer than a person waits for a cancel."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            check()
    return FileDigest(sha256=digest.hexdigest(), size=size)


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, data: bytes) -> None:
    """Replace ``path`` in one step: readers see the old or the new content, never a part of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)


def replace_folder(source: Path, target: Path) -> None:
    """Replace ``target`` by ``source``; both lie on the same file system."""
    if target.exists():
        shutil.rmtree(target)
    source.replace(target)
    sync(target.parent)
