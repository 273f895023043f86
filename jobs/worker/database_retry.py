"""Living on while the database is away: it restarts, or a cable is pulled, and a job runs on."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

AWAY = (OperationalError, InterfaceError)
"""What a database that is not there raises. Other errors are faults of a query, and stay."""

PAUSES_S = (0.5, 1.0, 2.0, 5.0)
"""Before each further try; the last one repeats."""

_log = logging.getLogger("jobs.worker")


class DatabaseRetry:
    """Lets work through to the database, and after a failure none until a pause is over."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._away_since = 0.0
        self._not_before = float("-inf")

    @property
    def away_s(self) -> float:
        """For how long the database has not answered; 0.0 when it last did."""
        return self._clock() - self._away_since if self._failures else 0.0

    def let(self, work: Callable[[], object]) -> bool:
        """Do ``work`` and say whether the database took it. It may be done again after a failure.

        Raises what else it raises, and the database's own error when that has been away for
        longer than any job may take.
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
