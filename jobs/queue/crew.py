"""What each worker process of this cluster does, in memory that all its processes share.

No lock guards it, as a worker that is killed while it holds one would stop all others for ever:
each process writes its own line only, and who reads half a change reads again soon.
"""

import mmap
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from multiprocessing.util import Finalize

_LINE = struct.Struct("=iid")
_LINES = 4096
"""Process ids follow each other, so that those of one cluster do not share a line."""

_table = mmap.mmap(-1, _LINE.size * _LINES)


class Doing(IntEnum):
    WAITING = 1
    WORKING = 2
    LEFT = 3


@dataclass(frozen=True)
class Member:
    """``since``: when it last turned from one to the other, by ``time.monotonic``."""

    pid: int
    doing: Doing
    since: float

    @property
    def is_alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


def sign_on() -> None:
    """Called in a worker process as it is born."""
    _write(Doing.WAITING)
    # One that ends by itself leaves the queue in order; one that is killed cannot say so.
    Finalize(None, _write, args=(Doing.LEFT,), exitpriority=100)


@contextmanager
def working() -> Iterator[None]:
    _write(Doing.WORKING)
    try:
        yield
    finally:
        _write(Doing.WAITING)


def members() -> list[Member]:
    """All that signed on, those that died included until :func:`sweep`."""
    lines = (_LINE.unpack_from(_table, n * _LINE.size) for n in range(_LINES))
    return [Member(pid, Doing(doing), since) for pid, doing, since in lines if pid and doing]


def anyone_works() -> bool:
    return any(each.doing is Doing.WORKING and each.is_alive for each in members())


def sweep() -> list[Member]:
    """Forget who is gone; returns them."""
    gone = [member for member in members() if not member.is_alive]
    for member in gone:
        _LINE.pack_into(_table, _place(member.pid), 0, 0, 0.0)
    return gone


def clear() -> None:
    _table[:] = bytes(len(_table))


def _write(doing: Doing) -> None:
    pid = os.getpid()
    _LINE.pack_into(_table, _place(pid), pid, doing, time.monotonic())


def _place(pid: int) -> int:
    return pid % _LINES * _LINE.size
