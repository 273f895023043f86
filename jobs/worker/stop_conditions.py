"""What may stop a job from outside while its runner works."""

import enum
import time

from django.conf import settings

from jobs.models import Job
from jobs.queue import drain
from jobs.queue.lease import Lease

LOOK_S = 0.5
"""How often the row is asked whether the job is to stop: a cancel must work within 2 s."""


class Stop(enum.Enum):
    CANCEL = "cancel"
    DEADLINE = "deadline"
    DRAIN = "drain"


class StopConditions:
    """Says when to stop; call :meth:`look` at every turn, and :meth:`ask`, which needs the
    database and renews the lease, as often as that is there."""

    def __init__(self, job: Job, lease: Lease) -> None:
        self._job = job
        self._lease = lease
        self._started = self._beat = time.monotonic()
        self._asked = float("-inf")

    def look(self) -> Stop | None:
        """What this process knows by itself."""
        if drain.requested():
            return Stop.DRAIN
        if time.monotonic() - self._started > self._limit_s():
            return Stop.DEADLINE
        return None

    def ask(self) -> Stop | None:
        """What the row says; raises ``LeaseLost`` and what a database raises that is away."""
        now = time.monotonic()
        if now - self._beat >= settings.HEARTBEAT_S:
            self._lease.renew()
            self._beat = now
        if now - self._asked < LOOK_S:
            return None
        cancelled = self._lease.cancel_requested()
        self._asked = now
        return Stop.CANCEL if cancelled else None

    def _limit_s(self) -> float:
        """Looked up at each turn, as it is written down when the attempt begins."""
        deadline_s = self._job.deadline_s
        return float(settings.MAX_JOB_S if deadline_s is None else deadline_s)
