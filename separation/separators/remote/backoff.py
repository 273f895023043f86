"""How long to wait before a request is made again, and waiting that a cancel ends."""

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Generic, TypeVar

from separation.progress import Report, ignore_progress

T = TypeVar("T")

BEAT_S = 0.1
"""How often a wait asks whether the job is to stop: a worker kills a runner that has not stopped
0.8 s after a cancel, and by then the service should have been told."""

LEAST_JITTER = 0.5
"""A pause is drawn from this share of its length up to the whole, so that many clients of a service
that came back do not all return at once."""


class Pauses:
    """Pauses that grow by ``factor`` up to ``longest_s``."""

    def __init__(self, first_s: float, factor: float, longest_s: float) -> None:
        self._first_s, self._factor, self._longest_s = first_s, factor, longest_s
        self.start_over()

    def start_over(self) -> None:
        self._length_s = self._first_s

    def next_s(self) -> float:
        length = min(self._length_s, self._longest_s)
        self._length_s = min(self._length_s * self._factor, self._longest_s)
        return random.uniform(LEAST_JITTER, 1.0) * length


def retry_after_s(header: str | None, now: datetime | None = None) -> float | None:
    """What ``Retry-After`` asks for (RFC 9110, 10.2.3: seconds or a date); None without sense."""
    if not header:
        return None
    if header.isascii() and header.strip().isdigit():
        return float(header)
    try:
        when = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max((when - (now or datetime.now(UTC))).total_seconds(), 0.0)


class CancellableWait:
    """Tells progress, and hears of a cancel, also while nothing moves.

    :meth:`beat` repeats the last progress; what the report raises then ends the wait.
    """

    def __init__(self, report: Report = ignore_progress) -> None:
        self._report = report
        self._fraction, self._message = 0.0, ""

    def tell(self, fraction: float, message: str) -> None:
        self._fraction, self._message = max(fraction, self._fraction), message
        self.beat()

    def note(self, fraction: float) -> None:
        """As :meth:`tell`, from any thread: the next beat says it."""
        self._fraction = max(fraction, self._fraction)

    def hush(self) -> None:
        """The job has ended: what is still to be done hears of no cancel any more."""
        self._report = ignore_progress

    def beat(self) -> None:
        self._report(self._fraction, self._message)

    def wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.beat()
            time.sleep(min(left, BEAT_S))
        self.beat()

    def during(self, work: Callable[["StopFlag"], T]) -> T:
        """``work`` in a thread of its own, as a request that waits for bytes hears nothing.

        When the beat raises, the thread is left to end by itself: at its next block, or when its
        timeout is over. What ``work`` raises is raised here.
        """
        stop, done = StopFlag(), _Outcome[T]()
        thread = threading.Thread(target=done.of, args=(work, stop), daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(BEAT_S)
                self.beat()
        except BaseException:
            stop.set()
            raise
        return done.result()


class Abandoned(Exception):
    """Raised inside a request that nobody waits for any more."""


class StopFlag:
    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def check(self) -> None:
        """Call between blocks. Raises ``Abandoned``."""
        if self._event.is_set():
            raise Abandoned


class _Outcome(Generic[T]):
    def __init__(self) -> None:
        self._results: list[T] = []
        self._error: BaseException | None = None

    def of(self, work: Callable[[StopFlag], T], stop: StopFlag) -> None:
        try:
            self._results.append(work(stop))
        except BaseException as error:
            self._error = error

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._results[0]
