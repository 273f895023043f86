"""One byte, shared by all processes of a cluster: are we to stop?

Memory that forked workers share, without a lock: a worker that is killed while it held one would
stop all others for ever.
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
    """``within_s``: the request may be under way to another process of the cluster."""
    until = time.monotonic() + within_s
    while _flag[0] != 1 and time.monotonic() < until:
        time.sleep(POLL_S)
    return _flag[0] == 1


def on_signal(number: int, frame: FrameType | None) -> None:
    request()


def heed(*numbers: signal.Signals) -> None:
    """From now on these signals are the request, to this process and to all that it forks."""
    for number in numbers:
        signal.signal(number, on_signal)


def clear() -> None:
    _flag[0] = 0
