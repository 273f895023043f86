"""One byte, shared by all processes of a cluster: are we to stop?

Memory that forked workers share, without a lock: a worker that is killed while it held one would
stop all others for ever.
"""

import mmap

_flag = mmap.mmap(-1, 1)


def request() -> None:
    _flag[0] = 1


def requested() -> bool:
    return _flag[0] == 1


def clear() -> None:
    _flag[0] = 0
