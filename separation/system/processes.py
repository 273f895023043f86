"""Requests of a process to the kernel: to end with its parent, and its own peak memory."""

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
"""Linux prctl(2)."""

# Loaded here, as code between fork and exec should not load libraries.
_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int, pointer: object = 0) -> bool:
    """Call prctl(2); false where the kernel refuses. Linux only."""
    words = [ctypes.c_ulong(option), ctypes.c_ulong(value)]
    further = [pointer or ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)]
    return bool(_libc.prctl(*words, *further) == 0)


def end_with_parent(number: int = signal.SIGKILL, *, parent: int | None = None) -> None:
    """Have the kernel send this process signal ``number`` when its parent ends.

    The request survives exec, but not fork. "Parent" means the thread that started this process:
    the signal also comes when only that thread ends. ``parent``: the expected process id of the
    parent; if the parent has already ended, the signal comes at once. Does nothing on systems
    without this call.
    """
    if sys.platform != "linux":
        return
    prctl(_PR_SET_PDEATHSIG, number)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), number)


NOWHERE = "/proc/self" if Path("/proc/self").is_dir() else os.sep
"""A working directory for a child that needs none: its own entry in Linux's /proc. Nobody can
create a file there, and nothing remains after any kill. A temporary folder would remain after a
kill between its creation and its removal."""

OWN_STATUS = "/proc/self/status"
"""The status of the current process on Linux; see proc_pid_status(5)."""


def own_peak_bytes() -> int:
    """Return the peak memory of this process so far.

    Linux reports it in /proc for the current program; getrusage(2) includes the program before
    exec.
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
