"""Free space on the disk of the data directory, and a reserve for the time when it is full.

Logging in, reading and deleting write a little: rows, the database's log, rate limits. So a few
empty files reserve space. When the disk is full, one of them is deleted before a request is
answered. They are created again when there is enough space.
"""

import errno
import os
import shutil
import time
import uuid
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.db import OperationalError

RESERVE = "reserve"
PIECE_BYTES = 4 << 20
"""The size to which SQLite's log grows before it is written back."""

LEAST_BYTES = 512 << 10
"""The space that a request may need: some pages of the log and its index."""

LOOK_EVERY_S = 1.0
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SQLITE_NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_CANTOPEN")
_POSTGRES_NO_ROOM = "53100"
_PATIENCE_S = 0.5
"""Some file systems free the space a moment after a file is deleted."""

_seen_at: dict[Path, float] = {}
"""When a trial last found enough space, by folder."""


def is_room_here(*, look: bool = True) -> bool:
    """Whether there is enough space for a request.

    With ``look`` a trial file is written, as only a trial reveals a disk quota. Without it a recent
    trial suffices, if the disk reports enough free space.
    """
    folder = Path(settings.DATA_DIR)
    if _free_bytes(folder) < LEAST_BYTES:
        return False
    recent = time.monotonic() - _seen_at.get(folder, float("-inf")) < LOOK_EVERY_S
    return (recent and not look) or _can_write(folder)


def make_room(*, leave: int = 0) -> bool:
    """Delete one piece of the reserve, unless only ``leave`` pieces are left; returns whether there
    is enough space now."""
    pieces = sorted(_folder().glob("*"))
    if len(pieces) <= leave:
        return False
    with suppress(OSError):
        pieces[-1].unlink(missing_ok=True)
    until = time.monotonic() + _PATIENCE_S
    while not (found := is_room_here()) and time.monotonic() < until:
        time.sleep(0.02)
    return found


def refill_reserve() -> None:
    """Create the missing pieces of the reserve, while the disk has three times the space of a
    piece."""
    for piece in _missing_pieces():
        if _free_bytes(Path(settings.DATA_DIR)) < 3 * PIECE_BYTES:
            return
        piece.parent.mkdir(exist_ok=True, mode=0o700)
        # Another process may be creating the piece, or using the space.
        with suppress(OSError):
            _allocate(piece, PIECE_BYTES)


def maintain_reserve() -> None:
    """Refill the reserve, or make room for the housekeeping itself. The housekeeping leaves half of
    the reserve for users."""
    if is_room_here():
        refill_reserve()
    else:
        make_room(leave=settings.RESERVE_BYTES // PIECE_BYTES // 2)


def disk_faults() -> list[str]:
    """The shortages of space, in sentences. They contain no paths, as ``/health`` is public."""
    # A missing piece was deleted for space, and the housekeeping had no space to create it again.
    if not is_room_here() or _missing_pieces():
        return ["The disk of the data directory is full: delete something, or give it more room."]
    for name in ("UPLOAD_DIR", "OUTPUT_DIR"):
        folder = Path(getattr(settings, name))
        if folder.is_dir() and _free_bytes(folder) < settings.MIN_FREE_BYTES:
            return [
                "Less than STEMSITE_MIN_FREE_BYTES of the disk are free: uploads are refused, and "
                "jobs fail."
            ]
    return []


def is_disk_full(error: BaseException) -> bool:
    """Whether ``error`` means that a write failed because the disk is full."""
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    cause = error.__cause__
    if not isinstance(error, OperationalError) or cause is None:
        return False
    if getattr(cause, "sqlstate", None) == _POSTGRES_NO_ROOM:
        return True
    name = getattr(cause, "sqlite_errorname", "")
    # SQLite reports a full disk as an "I/O error", too. A trial rules out other causes.
    return name == "SQLITE_FULL" or (name in _SQLITE_NO_ROOM and not is_room_here())


def _missing_pieces() -> list[Path]:
    numbers = range(settings.RESERVE_BYTES // PIECE_BYTES)
    pieces = (_folder() / f"{n:03d}" for n in numbers)
    return [piece for piece in pieces if not piece.exists()]


def _folder() -> Path:
    return Path(settings.DATA_DIR) / RESERVE


def _free_bytes(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def _can_write(folder: Path) -> bool:
    trial = folder / f".room-{uuid.uuid4().hex}"
    try:
        descriptor = os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return False
    try:
        # Deleted at once, so that a kill leaves no file.
        trial.unlink()
        _take(descriptor, LEAST_BYTES)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    _seen_at[folder] = time.monotonic()
    return True


def _allocate(file: Path, size: int) -> None:
    """Create a file with allocated blocks. After an ``OSError`` no file is left."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _take(descriptor, size)
    except OSError:
        file.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _take(descriptor: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.write(descriptor, bytes(size))
