"""The request to drain: one byte of memory that all processes of a cluster share.

No lock guards it. A worker that is killed while it holds a lock would stop all others for ever.
"""

import mmap
import signal
import time
from types import FrameType

POLL_S = 0.05

_flag = mmap.mmap(-1, 1)


def request() -> None:
    _flag[0] = 1


def requested(*, within_s: float = 0.0) -> bool:
    """Whether draining was requested. ``within_s``: how long to wait for the request, which
    another process of the cluster may receive first."""
    until = time.monotonic() + within_s
    while _flag[0] != 1 and time.monotonic() < until:
        time.sleep(POLL_S)
    return _flag[0] == 1


def on_signal(number: int, frame: FrameType | None) -> None:
    request()


def request_on(*numbers: signal.Signals) -> None:
    """Make these signals request draining, in this process and in all that it forks."""
    for number in numbers:
        signal.signal(number, on_signal)


def clear() -> None:
    _flag[0] = 0
