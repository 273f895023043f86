"""What a process asks of the kernel about its parent."""

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
"""Linux prctl(2)."""

# Loaded here: between fork and exec nothing should have to be looked up.
_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int, pointer: object = 0) -> bool:
    """Call prctl(2); false where the kernel refuses. Linux only."""
    words = [ctypes.c_ulong(option), ctypes.c_ulong(value)]
    rest = [pointer or ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)]
    return bool(_libc.prctl(*words, *rest) == 0)


def end_with_parent(number: int = signal.SIGKILL, *, parent: int | None = None) -> None:
    """Have the kernel send this process signal ``number`` when its parent ends.

    The wish survives exec, but not fork. "Parent" means the thread that started this process, so
    it is of no use where that thread may end first. ``parent``: the process id that the parent is
    known to have; when it ended before the wish was heard, the signal comes at once. Does nothing
    where there is no such call.
    """
    if sys.platform != "linux":
        return
    prctl(_PR_SET_PDEATHSIG, number)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), number)


NOWHERE = "/proc/self" if Path("/proc/self").is_dir() else os.sep
"""A working directory for a child that is to have none: its own entry in Linux's table of
processes. Nobody can put a file there, and nothing is left of it, whoever is killed and when; a
temporary folder would be left by a kill between its making and its removal."""

OWN_STATUS = "/proc/self/status"
"""Where Linux tells of a process; see proc_pid_status(5)."""


def own_peak_bytes() -> int:
    """The most memory that this process has held so far.

    Linux tells it of the program that runs now; getrusage(2) knows also what ran before exec.
    """
    try:
        lines = Path(OWN_STATUS).read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
