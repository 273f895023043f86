"""What may stop a job from outside while its runner works."""

import enum
import time

from django.conf import settings

from jobs.queue import drain
from jobs.queue.lease import Lease

LOOK_S = 0.5
"""How often the row is asked whether the job is to stop: a cancel must work within 2 s."""


class Stop(enum.Enum):
    CANCEL = "cancel"
    DEADLINE = "deadline"
    DRAIN = "drain"


class Watch:
    """Renews the lease and says when to stop; call :meth:`look` at every turn."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._started = self._beat = time.monotonic()
        self._looked = float("-inf")

    def look(self) -> Stop | None:
        """Raises ``LeaseLost``."""
        if drain.requested():
            return Stop.DRAIN
        now = time.monotonic()
        if now - self._beat >= settings.HEARTBEAT_S:
            self._beat = now
            self._lease.renew()
        if now - self._started > settings.MAX_JOB_S:
            return Stop.DEADLINE
        if now - self._looked >= LOOK_S:
            self._looked = now
            return Stop.CANCEL if self._lease.cancel_requested() else None
        return None
