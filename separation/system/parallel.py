"""Runs several parts of one stage in threads: encoders work outside Python's lock."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from separation.errors import Cancelled
from separation.progress import Report

T = TypeVar("T")

MAX_THREADS = 8
"""With more threads the disk limits the speed."""


def thread_count() -> int:
    """Return twice the number of cores, as some threads wait for the disk. With one thread per
    core, one core could also write the last of four stems alone while the other is idle."""
    return min(2 * (os.cpu_count() or 1), MAX_THREADS)


def in_parallel(parts: Sequence[Callable[[Report], T]], report: Report) -> list[T]:
    """Run ``parts``, each with a report of its own progress, and return their results in order.

    After the first error, also one of ``report``, the other parts stop at their next report, parts
    that have not begun do not begin, and the first error is raised.
    """
    shared = _SharedReport(report, len(parts))
    with ThreadPoolExecutor(thread_count()) as pool:
        futures = [pool.submit(_run, part, shared, place) for place, part in enumerate(parts)]
    if shared.error is not None:
        raise shared.error
    return [future.result() for future in futures]


class _SharedReport:
    """Reports the mean progress of all parts; one thread at a time reports."""

    def __init__(self, report: Report, parts: int) -> None:
        self._report = report
        self._done = [0.0] * parts
        self._lock = threading.Lock()
        self.error: BaseException | None = None

    def of_part(self, place: int) -> Report:
        def report(fraction: float, message: str = "") -> None:
            with self._lock:
                if self.error is not None:
                    raise Cancelled("Another part of this stage failed.")
                self._done[place] = fraction
                self._report(sum(self._done) / len(self._done), message)

        return report

    def failed(self, error: BaseException) -> None:
        with self._lock:
            self.error = self.error or error


def _run(part: Callable[[Report], T], shared: _SharedReport, place: int) -> T:
    report = shared.of_part(place)
    try:
        report(0.0)
        return part(report)
    except BaseException as error:
        shared.failed(error)
        raise
