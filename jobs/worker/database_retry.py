"""Retries work on the database while it is unavailable, so that a job outlives its restart."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

AWAY = (OperationalError, InterfaceError)
"""The errors of an unavailable database. Other errors are faults of a query and are not retried."""

PAUSES_S = (0.5, 1.0, 2.0, 5.0)
"""Back-off before each further try; the last value repeats."""

_log = logging.getLogger("jobs.worker")


class DatabaseRetry:
    """Runs work on the database. After a failure it runs none until the back-off is over."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._away_since = 0.0
        self._not_before = float("-inf")

    @property
    def away_s(self) -> float:
        """For how long the database has not answered; 0.0 when it last did."""
        return self._clock() - self._away_since if self._failures else 0.0

    def run(self, work: Callable[[], object]) -> bool:
        """Do ``work``; returns whether the database took it. The caller may pass it again later.

        Raises every other error of ``work``. Raises the error of the database when the database
        has been unavailable for longer than any job may take.
        """
        if self._clock() < self._not_before:
            return False
        try:
            work()
        except AWAY as error:
            self._failed(error)
            if self.away_s > settings.MAX_JOB_S:
                raise
            return False
        if self._failures:
            _log.warning("the database is back after %.1f s", self.away_s)
        self._failures = 0
        return True

    def _failed(self, error: Exception) -> None:
        if not self._failures:
            self._away_since = self._clock()
            _log.warning("the database does not answer, the job goes on: %s", error)
        pause_s = PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
        self._failures += 1
        self._not_before = self._clock() + pause_s
        close_old_connections()
