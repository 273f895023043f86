"""When a runner that works on a job has to be given up: it stands still, or eats the machine."""

import time
from dataclasses import dataclass

from separation.errors import OutOfMemory, SeparationError, WorkerLost
from separation.system.process_tree import resident_bytes

_WEIGH_EVERY_S = 1.0
_MB = 1_000_000


@dataclass(frozen=True)
class RunnerLimits:
    """``stall_s``: how long a running job may give no sign of life. ``memory_bytes``: the most
    that the runner and what it started may hold in memory. None: no limit."""

    stall_s: float | None = None
    memory_bytes: int | None = None


NO_LIMITS = RunnerLimits()


class Guard:
    """Watches one job in the runner ``pid``."""

    def __init__(self, pid: int, limits: RunnerLimits) -> None:
        self._pid = pid
        self._limits = limits
        self._silent_s = 0.0
        self._weigh_at = 0.0

    def heard(self) -> None:
        """The runner said something."""
        self._silent_s = 0.0

    def waited(self, seconds: float, at_most_s: float) -> None:
        """It was listened to for so long, and said nothing.

        What goes beyond ``at_most_s`` is time in which this process itself stood still, suspended
        or without a processor, and is no fault of the runner.
        """
        self._silent_s += min(seconds, at_most_s)

    def fault(self) -> SeparationError | None:
        """Why the runner is to be killed now, if it is."""
        limits = self._limits
        if limits.stall_s is not None and self._silent_s >= limits.stall_s:
            return WorkerLost(
                f"The separation gave no sign of life for {self._silent_s:.0f} seconds and was "
                "stopped. The job can be retried; its finished stages are kept."
            )
        if limits.memory_bytes is not None and self._weigh() > limits.memory_bytes:
            return OutOfMemory(
                f"The separation took more than the {limits.memory_bytes / _MB:.0f} MB of memory "
                "that this server allows it. Retry with a smaller model or a shorter segment, or "
                "ask whoever runs this server to raise the limit."
            )
        return None

    def _weigh(self) -> int:
        """At most once a second, as every process of the machine is looked at."""
        if time.monotonic() < self._weigh_at:
            return 0
        self._weigh_at = time.monotonic() + _WEIGH_EVERY_S
        return resident_bytes(self._pid)
