"""What each worker process of this cluster does, in memory that all its processes share.

No lock guards it, as a worker that is killed while it holds one would stop all others for ever:
each process writes its own line only, and who reads half a change reads again soon.
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
"""Process ids follow each other, so that those of one cluster do not share a line."""

_NOTHING = bytes(16)

_table = mmap.mmap(-1, _LINE.size * _LINES)


class Doing(IntEnum):
    WAITING = 1
    WORKING = 2
    LEFT = 3


@dataclass(frozen=True)
class Member:
    """``since``: when it last turned from one to the other, by ``time.monotonic``. ``token``: of
    the lease that it works under, or is about to ask for."""

    pid: int
    doing: Doing
    since: float
    token: uuid.UUID | None = None

    @property
    def is_alive(self) -> bool:
        try:
            # One that nobody has collected yet is as dead; its parent may be dead or stand still.
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            return _answers(self.pid)
        return state not in "ZX"


def _answers(pid: int) -> bool:
    """Where there is no ``/proc``."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # Somebody else's by now: it is there, and no more is asked.
    return True


def sign_on() -> None:
    """Called in a worker process as it is born."""
    _write(Doing.WAITING)
    # One that ends by itself leaves the queue in order; one that is killed cannot say so.
    Finalize(None, _write, args=(Doing.LEFT,), exitpriority=100)


@contextmanager
def working(token: uuid.UUID | None = None) -> Iterator[None]:
    """``token``: under which a job will be claimed. It is written before the claim, so that
    whenever this process dies, others know which job it may have had."""
    _write(Doing.WORKING, token)
    try:
        yield
    finally:
        _write(Doing.WAITING)


def members() -> list[Member]:
    """All that signed on, those that died included until :func:`sweep`."""
    lines = (_LINE.unpack_from(_table, n * _LINE.size) for n in range(_LINES))
    return [
        Member(pid, Doing(doing), since, uuid.UUID(bytes=token) if token != _NOTHING else None)
        for pid, doing, since, token in lines
        if pid and doing
    ]


def anyone_works() -> bool:
    return any(each.doing is Doing.WORKING and each.is_alive for each in members())


def sweep() -> list[Member]:
    """Forget who is gone; returns them."""
    gone = [member for member in members() if not member.is_alive]
    for member in gone:
        _LINE.pack_into(_table, _place(member.pid), 0, 0, 0.0, _NOTHING)
    return gone


def clear() -> None:
    _table[:] = bytes(len(_table))


def _write(doing: Doing, token: uuid.UUID | None = None) -> None:
    pid = os.getpid()
    mark = token.bytes if token else _NOTHING
    _LINE.pack_into(_table, _place(pid), pid, doing, time.monotonic(), mark)


def _place(pid: int) -> int:
    return pid % _LINES * _LINE.size
