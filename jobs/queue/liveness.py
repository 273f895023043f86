"""Whether the worker that holds a job lives: a locked file for each lease.

The kernel gives the lock of a file back when the process that holds it dies, however it dies. So
whoever runs on the same machine knows at once, also where a whole cluster was killed and nobody is
left who knew its processes. Process numbers would not do: in another container they mean somebody
else, and they are used again.

A lock proves something only to those who use the same file system below the same kernel, so the
name of the file says which these are. Everybody else, and everybody where files cannot be locked,
goes by the lease.
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
"""A claim follows its file within moments."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def proof_of_life(token: uuid.UUID) -> Iterator[None]:
    """As long as the block runs, and this process lives, others see that who holds ``token`` does.
    Enter it before ``token`` becomes that of a lease."""
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
    """Whether the process that held ``token`` is known to have ended; False where nobody knows."""
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


def forget(token: uuid.UUID) -> None:
    """Its job was taken back."""
    if file := _file(token):
        with suppress(OSError):
            file.unlink(missing_ok=True)


def forget_stale(held: Iterable[uuid.UUID]) -> int:
    """Remove what killed workers left, on whatever machine, but for the tokens in ``held``."""
    wanted, removed = {token.hex for token in held}, 0
    for file in _folder().glob("*"):
        with suppress(OSError):
            if file.name.partition(".")[0] not in wanted and _is_old(file):
                file.unlink(missing_ok=True)
                removed += 1
    return removed


def _is_old(file: Path) -> bool:
    return time.time() - file.stat().st_mtime > STALE_S


def _held(file: Path) -> int | None:
    """The descriptor that holds its lock; None where there cannot be one."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Nothing is written into it: a full disk often has room for a name.
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
    """None where this machine cannot be told from others."""
    boot = _boot()
    if boot is None:
        return None
    folder = _folder()
    with suppress(OSError):
        # Of a network's file system, each mount has a number of its own.
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
