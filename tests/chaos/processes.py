"""Who is who below a supervisor, read from ``/proc``, and how to hit one of them."""

import enum
import os
import signal
from dataclasses import dataclass
from pathlib import Path


class Role(enum.StrEnum):
    """The layers of ``stemworker``, from outside to inside."""

    MAIN = "main"
    CLUSTER = "cluster"
    SENTINEL = "sentinel"
    WORKER = "worker"
    HELPER = "helper"
    """The pusher or the monitor of django-q2, or a worker that has no runner yet."""
    RUNNER = "runner"
    CHILD = "child"
    """What a runner started: decoding."""
    STRAY = "stray"
    """Its parents are gone; it should be gone soon too."""


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    state: str
    started: int
    command: str

    @property
    def is_living(self) -> bool:
        return self.state not in "ZX"


def read_process(pid: int) -> Process | None:
    folder = Path("/proc") / str(pid)
    try:
        # The name in parentheses may hold anything, so what follows it is what is read.
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return None
    return Process(pid, int(fields[1]), fields[0], int(fields[19]), command.strip())


def all_processes() -> dict[int, Process]:
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return {process.pid: process for pid in pids if (process := read_process(pid))}


def descendants(root: int) -> list[Process]:
    """Every living process below ``root``, parents before children."""
    everything = all_processes()
    children: dict[int, list[Process]] = {}
    for process in everything.values():
        children.setdefault(process.parent, []).append(process)
    found, open_ones = [], [root]
    while open_ones:
        below = children.get(open_ones.pop(0), [])
        found += below
        open_ones += [process.pid for process in below]
    return [process for process in found if process.is_living]


def roles(below: list[Process], main: int | None) -> dict[int, Role]:
    """What each of ``below`` is; ``main``: the process that the supervisor started last."""
    by_pid = {process.pid: process for process in below}
    with_runner = {p.parent for p in below if "separation.runner" in p.command}

    def depth(process: Process) -> int | None:
        steps = 0
        while process.pid != main:
            parent = by_pid.get(process.parent)
            if parent is None:
                return None
            process, steps = parent, steps + 1
        return steps

    def role(process: Process) -> Role:
        deep = depth(process)
        if deep is None:
            return Role.STRAY
        if "separation.runner" in process.command:
            return Role.RUNNER
        if deep < 3:
            return (Role.MAIN, Role.CLUSTER, Role.SENTINEL)[deep]
        if deep > 3:
            return Role.CHILD
        return Role.WORKER if process.pid in with_runner else Role.HELPER

    return {process.pid: role(process) for process in below}


def hit(process: Process, number: signal.Signals) -> bool:
    """Send a signal to this very process; false when it no longer lived.

    By a descriptor of the process, as its number may be another's by now.
    """
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    try:
        now = read_process(process.pid)
        if now is None or now.started != process.started or not now.is_living:
            return False
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True
