"""Decides when a runner must be killed: it shows no sign of life, or takes too much memory."""

import time
from dataclasses import dataclass

from separation.errors import OutOfMemory, SeparationError, WorkerLost
from separation.system.process_tree import resident_bytes

_MEASURE_EVERY_S = 1.0
_MB = 1_000_000


@dataclass(frozen=True)
class RunnerLimits:
    """``stall_s``: how long a running job may give no sign of life. ``memory_bytes``: the most
    resident memory of the runner and all processes that it started. None: no limit."""

    stall_s: float | None = None
    memory_bytes: int | None = None


NO_LIMITS = RunnerLimits()


class Guard:
    """Watches one job in the runner ``pid``."""

    def __init__(self, pid: int, limits: RunnerLimits) -> None:
        self._pid = pid
        self._limits = limits
        self._silent_s = 0.0
        self._measure_at = 0.0

    def event_received(self) -> None:
        """The runner sent an event."""
        self._silent_s = 0.0

    def silence(self, seconds: float, at_most_s: float) -> None:
        """The runner sent nothing for so long.

        Only ``at_most_s`` of it count: during the rest this process itself was suspended or had no
        processor, which is no fault of the runner.
        """
        self._silent_s += min(seconds, at_most_s)

    def fault(self) -> SeparationError | None:
        """Why the runner must be killed now; None where it need not."""
        limits = self._limits
        if limits.stall_s is not None and self._silent_s >= limits.stall_s:
            return WorkerLost(
                f"The separation gave no sign of life for {self._silent_s:.0f} seconds and was "
                "stopped. The job can be retried; its finished stages are kept."
            )
        if limits.memory_bytes is not None and self._memory_bytes() > limits.memory_bytes:
            return OutOfMemory(
                f"The separation took more than the {limits.memory_bytes / _MB:.0f} MB of memory "
                "that this server allows it. Retry with a smaller model or a shorter segment, or "
                "ask whoever runs this server to raise the limit."
            )
        return None

    def _memory_bytes(self) -> int:
        """Measured at most once a second, because it reads every process of the machine; 0 in
        between."""
        if time.monotonic() < self._measure_at:
            return 0
        self._measure_at = time.monotonic() + _MEASURE_EVERY_S
        return resident_bytes(self._pid)
