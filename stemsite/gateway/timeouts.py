"""Timeouts of a client: a deadline, or a minimum rate."""

from abc import ABC, abstractmethod
from collections.abc import Callable


class TooSlow(Exception):
    """The client has used up its time."""


class Timeout(ABC):
    """Limits the wait for a client. Times are those of the loop's clock, in seconds."""

    @abstractmethod
    def left_s(self, now: float) -> float:
        """Seconds to wait from ``now`` on. Raises ``TooSlow`` when there are none."""

    @abstractmethod
    def too_slow_s(self, now: float) -> float:
        """For how many seconds the client has been too slow; 0 for one that is fast enough."""

    def begin_wait(self, now: float) -> None:
        """The wait for the client begins."""

    def end_wait(self, now: float) -> None:
        """The wait for the client ends."""

    def moved(self, count: int) -> None:
        """The client took or sent ``count`` bytes."""


class Deadline(Timeout):
    """For heads of requests and for pauses between them; single bytes do not extend it."""

    def __init__(self, seconds: float, now: float) -> None:
        self._from = now
        self._until = now + seconds

    def left_s(self, now: float) -> float:
        if now >= self._until:
            raise TooSlow
        return self._until - now

    def too_slow_s(self, now: float) -> float:
        return now - self._from


class MinimumRate(Timeout):
    """For bodies and answers: over each ``window_s`` seconds of waiting the client must move
    ``least_per_s`` bytes a second on average. Only the time of waiting for the client counts.

    ``queued`` returns the bytes that the kernel still holds for the client. The kernel takes
    megabytes of an answer at once, which says nothing about the client.
    """

    def __init__(
        self, window_s: float, least_per_s: int, queued: Callable[[], int] = lambda: 0
    ) -> None:
        self._window_s = window_s
        self._least_per_s = least_per_s
        self._queued = queued
        self._waited_s = 0.0
        self._since: float | None = None
        self._handled = 0
        self._moved_before = 0
        self._seen, self._seen_s = 0, 0.0

    def begin_wait(self, now: float) -> None:
        self._since = now

    def end_wait(self, now: float) -> None:
        self._waited_s = self._waited(now)
        self._since = None

    def moved(self, count: int) -> None:
        self._handled += count

    def left_s(self, now: float) -> float:
        waited = self._waited(now)
        if waited >= self._window_s:
            if not self._keeps_pace(waited):
                raise TooSlow
            self._start_window(now)
            return self._window_s
        return self._window_s - waited

    def too_slow_s(self, now: float) -> float:
        # After a quick start, the average hides a pause of the client for long.
        waited = self._waited(now)
        if not self._keeps_pace(waited):
            return waited
        moved = self._moved()
        if moved > self._seen:
            self._seen, self._seen_s = moved, waited
        return waited - self._seen_s

    def _moved(self) -> int:
        return self._handled - self._queued()

    def _waited(self, now: float) -> float:
        return self._waited_s + (0.0 if self._since is None else now - self._since)

    def _keeps_pace(self, waited_s: float) -> bool:
        return self._moved() - self._moved_before >= self._least_per_s * waited_s

    def _start_window(self, now: float) -> None:
        self._waited_s, self._seen_s = 0.0, 0.0
        self._moved_before = self._moved()
        if self._since is not None:
            self._since = now
