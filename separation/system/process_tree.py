"""What a process and everything that it started use, as the kernel tells (Linux only)."""

import os
from collections import defaultdict
from pathlib import Path

_PROC = Path("/proc")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")

# Places in /proc/[pid]/stat behind the name, which may hold anything; see proc_pid_stat(5).
_PARENT, _USER_TICKS, _CHILD_SYSTEM_TICKS = 1, 11, 14


def family(pid: int) -> list[int]:
    """The process and its descendants, whatever session they are in; empty when it is gone."""
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
    """Memory that the process and its descendants hold now; 0 where nobody tells."""
    return sum(_resident_pages(member) for member in family(pid)) * _PAGE_BYTES


def processor_s(pid: int) -> float | None:
    """Processor time that one process has used, with that of its children that ended; None
    where nobody tells."""
    fields = _stat(pid)
    if not fields:
        return None
    return sum(map(int, fields[_USER_TICKS : _CHILD_SYSTEM_TICKS + 1])) / _TICKS_PER_S


class Movement:
    """Tells whether a process works: one that waits for ever uses no processor time."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._used_s: float | None = -1.0

    def seen(self) -> bool:
        """Has it moved since the last look? Always, where nobody tells."""
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
