"""Room on the disk of the data directory, and a reserve of it for the moment when there is none.

Logging in, reading and deleting write little, yet they write: rows, the database's log, limits. So
a few files that hold nothing keep room; where the disk is full one of them goes before a request is
answered. They come back when there is plenty of room again.
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
"""As long as SQLite's log grows before it is written back."""

LEAST_BYTES = 512 << 10
"""What a request may write: some pages of the log and its index."""

LOOK_EVERY_S = 1.0
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SQLITE_NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_CANTOPEN")
_POSTGRES_NO_ROOM = "53100"
_PATIENCE_S = 0.5
"""Some file systems give room back a moment after a file has gone."""

_seen_at: dict[Path, float] = {}
"""When room was last found, by folder."""


def is_room_here(*, look: bool = True) -> bool:
    """Whether a request can write what it must. ``look`` False believes a recent look, as far as
    the free space of the disk does not say otherwise: a quota shows in nothing but trying."""
    folder = Path(settings.DATA_DIR)
    if _free_bytes(folder) < LEAST_BYTES:
        return False
    recent = time.monotonic() - _seen_at.get(folder, float("-inf")) < LOOK_EVERY_S
    return (recent and not look) or _can_write(folder)


def make_room(*, leave: int = 0) -> bool:
    """Give up one piece of the reserve, unless ``leave`` or fewer are left. True when there is room
    then."""
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
    """Make the pieces that are missing, as far as the disk has room for them and twice as much
    besides."""
    for piece in _missing_pieces():
        if _free_bytes(Path(settings.DATA_DIR)) < 3 * PIECE_BYTES:
            return
        piece.parent.mkdir(exist_ok=True, mode=0o700)
        # Another process may be making it, or taking the room, this very moment.
        with suppress(OSError):
            _allocate(piece, PIECE_BYTES)


def tend_reserve() -> None:
    """For the housekeeping: refill, or make room for its own work. Half of the reserve stays for
    people, whatever fills the disk."""
    if is_room_here():
        refill_reserve()
    else:
        make_room(leave=settings.RESERVE_BYTES // PIECE_BYTES // 2)


def disk_faults() -> list[str]:
    """What is short, in sentences without paths: whoever asks for ``/health`` may read them."""
    # A piece that is missing was given up, and the housekeeping had no room yet to make it again.
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
    """Whether ``error`` says that something could not be written for want of room."""
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    cause = error.__cause__
    if not isinstance(error, OperationalError) or cause is None:
        return False
    if getattr(cause, "sqlstate", None) == _POSTGRES_NO_ROOM:
        return True
    name = getattr(cause, "sqlite_errorname", "")
    # Other causes of these are told by looking: SQLite calls a full disk an "I/O error", too.
    return name == "SQLITE_FULL" or (name in _SQLITE_NO_ROOM and not is_room_here())


def _missing_pieces() -> list[Path]:
    wanted = range(settings.RESERVE_BYTES // PIECE_BYTES)
    pieces = (_folder() / f"{n:03d}" for n in wanted)
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
        # Without a name from the start, so that a kill leaves nothing.
        trial.unlink()
        _take(descriptor, LEAST_BYTES)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    _seen_at[folder] = time.monotonic()
    return True


def _allocate(file: Path, size: int) -> None:
    """A file whose room is taken, not only promised. Raises ``OSError`` and leaves nothing."""
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
