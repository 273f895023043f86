"""What each worker process of this cluster does, in memory that all its processes share.

No lock guards the memory, as a worker that is killed while it holds a lock would stop all others
for ever. Each process writes only its own line. A reader that sees half a change reads again soon.
"""

import mmap
import os
import struct
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from multiprocessing.util import Finalize
from pathlib import Path

_LINE = struct.Struct("=iid16s")
_LINES = 4096
"""Process ids are consecutive, so the workers of one cluster do not share a line."""

_NO_TOKEN = bytes(16)

_table = mmap.mmap(-1, _LINE.size * _LINES)


class Activity(IntEnum):
    WAITING = 1
    WORKING = 2
    LEFT = 3


@dataclass(frozen=True)
class Member:
    """One worker process. ``since``: when ``activity`` last changed, by ``time.monotonic``.
    ``token``: the token of the lease that it holds or is about to take."""

    pid: int
    activity: Activity
    since: float
    token: uuid.UUID | None = None

    @property
    def is_alive(self) -> bool:
        try:
            # A zombie is dead, too. Its parent may be dead or may hang.
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            return _process_exists(self.pid)
        return state not in "ZX"


def _process_exists(pid: int) -> bool:
    """Whether the process exists; for systems without ``/proc``."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # The process exists, though it now belongs to another user.
    return True


def register() -> None:
    """Add this process to the table. Call it in each new worker process."""
    _write(Activity.WAITING)
    # A worker that ends by itself leaves the queue in order. A killed worker cannot write this.
    Finalize(None, _write, args=(Activity.LEFT,), exitpriority=100)


@contextmanager
def working(token: uuid.UUID | None = None) -> Iterator[None]:
    """Mark this process as working while the block runs.

    ``token`` is the token of the lease to come. It is written before the claim, so that others
    know which job this process may have held, whenever it dies.
    """
    _write(Activity.WORKING, token)
    try:
        yield
    finally:
        _write(Activity.WAITING)


def members() -> list[Member]:
    """All processes in the table. Dead ones stay in it until :func:`sweep`."""
    lines = (_LINE.unpack_from(_table, n * _LINE.size) for n in range(_LINES))
    return [
        Member(
            pid, Activity(activity), since, uuid.UUID(bytes=token) if token != _NO_TOKEN else None
        )
        for pid, activity, since, token in lines
        if pid and activity
    ]


def anyone_works() -> bool:
    return any(each.activity is Activity.WORKING and each.is_alive for each in members())


def sweep() -> list[Member]:
    """Remove the dead processes from the table; returns them."""
    gone = [member for member in members() if not member.is_alive]
    for member in gone:
        _LINE.pack_into(_table, _offset(member.pid), 0, 0, 0.0, _NO_TOKEN)
    return gone


def clear() -> None:
    _table[:] = bytes(len(_table))


def _write(activity: Activity, token: uuid.UUID | None = None) -> None:
    pid = os.getpid()
    mark = token.bytes if token else _NO_TOKEN
    _LINE.pack_into(_table, _offset(pid), pid, activity, time.monotonic(), mark)


def _offset(pid: int) -> int:
    return pid % _LINES * _LINE.size
