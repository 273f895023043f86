"""Computes the pauses before a request is repeated, and waits in a way that a cancel ends."""

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
"""Interval at which a wait checks for a cancel. A worker kills a runner that has not stopped 0.8 s
after a cancel, and the service should receive the cancel before that."""

LEAST_JITTER = 0.5
"""Smallest share of a pause that is waited, drawn at random up to 1, so that many clients of a
service that is back do not all return at once."""


class Pauses:
    """Exponential back-off with jitter: pauses that grow by ``factor`` up to ``longest_s``."""

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
    """The pause of a ``Retry-After`` header (RFC 9110, 10.2.3: seconds or a date); ``None`` where
    the header is missing or invalid."""
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
    """Reports progress and notices a cancel, also while nothing moves.

    :meth:`beat` repeats the last progress; an exception of the report ends the wait.
    """

    def __init__(self, report: Report = ignore_progress) -> None:
        self._report = report
        self._fraction, self._message = 0.0, ""

    def report_progress(self, fraction: float, message: str) -> None:
        self._fraction, self._message = max(fraction, self._fraction), message
        self.beat()

    def note(self, fraction: float) -> None:
        """Set the progress from any thread; the next beat reports it."""
        self._fraction = max(fraction, self._fraction)

    def ignore_cancel(self) -> None:
        """Report no more progress, so that no cancel interrupts the clean-up of an ended job."""
        self._report = ignore_progress

    def beat(self) -> None:
        self._report(self._fraction, self._message)

    def wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (remaining := until - time.monotonic()) > 0:
            self.beat()
            time.sleep(min(remaining, BEAT_S))
        self.beat()

    def run_in_thread(self, work: Callable[["StopFlag"], T]) -> T:
        """Run ``work`` in its own thread, because a request that waits for bytes notices no cancel.

        When the beat raises, the thread ends by itself at its next block or at its timeout. Raises
        what ``work`` raises.
        """
        stop, outcome = StopFlag(), _Outcome[T]()
        thread = threading.Thread(target=outcome.run, args=(work, stop), daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(BEAT_S)
                self.beat()
        except BaseException:
            stop.set()
            raise
        return outcome.result()


class Abandoned(Exception):
    """Ends a request whose result is no longer needed."""


class StopFlag:
    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def check(self) -> None:
        """Call it between blocks. Raises ``Abandoned`` after :meth:`set`."""
        if self._event.is_set():
            raise Abandoned


class _Outcome(Generic[T]):
    def __init__(self) -> None:
        self._results: list[T] = []
        self._error: BaseException | None = None

    def run(self, work: Callable[[StopFlag], T], stop: StopFlag) -> None:
        try:
            self._results.append(work(stop))
        except BaseException as error:
            self._error = error

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._results[0]
