"""Memory and processor time of a process and its descendants, from /proc (Linux only)."""

import os
from collections import defaultdict
from pathlib import Path

_PROC = Path("/proc")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")

# Fields of /proc/[pid]/stat behind the name, which may contain any text; see proc_pid_stat(5).
_PARENT, _USER_TICKS, _CHILD_SYSTEM_TICKS = 1, 11, 14


def family(pid: int) -> list[int]:
    """Return the process and its descendants in all sessions; empty if the process has ended."""
    children = defaultdict(list)
    known = set()
    for entry in _PROC.glob("[0-9]*"):
        if fields := _stat(int(entry.name)):
            known.add(int(entry.name))
            children[int(fields[_PARENT])].append(int(entry.name))
    found = [pid] if pid in known else []
    for member in found:
        found.extend(children[member])
    return found


def resident_bytes(pid: int) -> int:
    """Return the memory that the process and its descendants hold now; 0 without /proc."""
    return sum(_resident_pages(member) for member in family(pid)) * _PAGE_BYTES


def processor_s(pid: int) -> float | None:
    """Return the processor time of one process and of its ended children; ``None`` without
    /proc."""
    fields = _stat(pid)
    if not fields:
        return None
    return sum(map(int, fields[_USER_TICKS : _CHILD_SYSTEM_TICKS + 1])) / _TICKS_PER_S


class Movement:
    """Detects whether a process works: one that waits for ever uses no processor time."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._used_s: float | None = -1.0

    def has_moved(self) -> bool:
        """Return whether it used processor time since the last call; always true without /proc."""
        before, self._used_s = self._used_s, processor_s(self._pid)
        return self._used_s is None or self._used_s != before


def _stat(pid: int) -> list[str]:
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _resident_pages(pid: int) -> int:
    try:
        return int((_PROC / str(pid) / "statm").read_text().split()[1])
    except OSError:
        return 0
