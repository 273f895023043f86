"""The conditions that stop a job while its runner works: cancel, deadline, drain."""

import enum
import time

from django.conf import settings

from jobs.models import Job
from jobs.queue import drain
from jobs.queue.lease import Lease

LOOK_S = 0.5
"""How often the row is read for a cancel, which must work within 2 s."""


class Stop(enum.Enum):
    CANCEL = "cancel"
    DEADLINE = "deadline"
    DRAIN = "drain"


class StopConditions:
    """Decides when a job must stop.

    Call :meth:`check_process` at every turn. Call :meth:`check_job`, which needs the database and
    renews the lease, whenever the database is available.
    """

    def __init__(self, job: Job, lease: Lease) -> None:
        self._job = job
        self._lease = lease
        self._started_at = self._renewed_at = time.monotonic()
        self._checked_at = float("-inf")

    def check_process(self) -> Stop | None:
        """Check the conditions that need no database: drain and deadline."""
        if drain.requested():
            return Stop.DRAIN
        if self._job.ran_s + time.monotonic() - self._started_at > self._limit_s():
            return Stop.DEADLINE
        return None

    def check_job(self) -> Stop | None:
        """Check the row for a cancel, and renew the lease when a heartbeat is due.

        Raises ``LeaseLost`` and the errors of the database.
        """
        now = time.monotonic()
        if now - self._renewed_at >= settings.HEARTBEAT_S:
            self._lease.renew()
            self._renewed_at = now
        if now - self._checked_at < LOOK_S:
            return None
        cancelled = self._lease.cancel_requested()
        self._checked_at = now
        return Stop.CANCEL if cancelled else None

    def _limit_s(self) -> float:
        """The deadline; read at each turn, as it is only set when the attempt begins."""
        deadline_s = self._job.deadline_s
        return float(settings.MAX_JOB_S if deadline_s is None else deadline_s)
