"""Whether the worker that holds a job lives: a locked file for each lease.

The kernel releases the lock of a file when the process that holds it dies, however it dies. So
every process on the same machine can see at once that a worker is dead, even where a whole cluster
was killed and no process is left that knew its workers. Process ids would not do: another
container has its own ids, and the kernel reuses them.

A lock proves something only on the same file system below the same kernel, so the name of the file
identifies both. On other machines, and where files cannot be locked, the lease alone decides.
"""

import fcntl
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from django.conf import settings

FOLDER = "held"
STALE_S = 3600.0
"""Age at which a file without a lease is removed. A claim follows its file within moments."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def liveness_lock(token: uuid.UUID) -> Iterator[None]:
    """Show other processes that the holder of ``token`` lives, while the block runs and this
    process lives. Enter it before ``token`` becomes the token of a lease."""
    file = _file(token)
    descriptor = _held(file) if file else None
    try:
        yield
    finally:
        if file and descriptor is not None:
            with suppress(OSError):
                file.unlink(missing_ok=True)
            os.close(descriptor)


def is_dead(token: uuid.UUID) -> bool:
    """Whether the process that held ``token`` is known to have ended; False where that is
    unknown."""
    file = _file(token)
    if file is None:
        return False
    try:
        descriptor = os.open(file, os.O_RDWR)
    except OSError:
        return False
    locked = _lock(descriptor)
    os.close(descriptor)
    return locked


def remove_lock(token: uuid.UUID) -> None:
    """Remove the file of a lease whose job was taken back."""
    if file := _file(token):
        with suppress(OSError):
            file.unlink(missing_ok=True)


def remove_stale_locks(held: Iterable[uuid.UUID]) -> int:
    """Remove the files that killed workers left, on any machine, except those of the tokens in
    ``held``; returns how many."""
    kept, removed = {token.hex for token in held}, 0
    for file in _folder().glob("*"):
        with suppress(OSError):
            if file.name.partition(".")[0] not in kept and _is_old(file):
                file.unlink(missing_ok=True)
                removed += 1
    return removed


def _is_old(file: Path) -> bool:
    return time.time() - file.stat().st_mtime > STALE_S


def _held(file: Path) -> int | None:
    """Create and lock ``file``; returns the descriptor, or None where that is impossible."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The file stays empty, as a full disk often has room for a name.
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return None
    if _lock(descriptor):
        return descriptor
    os.close(descriptor)
    with suppress(OSError):
        file.unlink()
    return None


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _file(token: uuid.UUID) -> Path | None:
    """The file of a token; None where this machine cannot be distinguished from others."""
    boot = _boot()
    if boot is None:
        return None
    folder = _folder()
    with suppress(OSError):
        # Each mount of a network file system has its own device number.
        return folder / f"{token.hex}.{boot}.{folder.parent.stat().st_dev}"
    return None


def _folder() -> Path:
    return Path(settings.DATA_DIR) / FOLDER


@cache
def _boot() -> str | None:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return None
