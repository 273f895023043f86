"""Which leases have expired, for a reaper that does not rely on clocks.

A worker renews its lease at every heartbeat. A reaper that reads the same lease again and again
knows that no worker renews it, whatever the clocks say. So a clock that jumps neither ends a lease
that is renewed nor prolongs a lease that is not. Time in which the reaper itself could not look,
because the database was unavailable or the machine slept, counts for little, as the workers could
not renew then either.

The first look has no earlier one to compare with and uses the clock of the leases. So the jobs of a
site that was down for long are taken back at once.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue import clock


@dataclass(frozen=True)
class HeldLease:
    """A lease as the reaper read it."""

    pk: uuid.UUID
    token: uuid.UUID | None
    until: datetime | None


class Expiry:
    """Remembers the leases of earlier looks. ``every_s``: the usual interval between two calls of
    :meth:`expired`, in seconds."""

    def __init__(
        self, *, every_s: float = 0.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_step_s = 2 * every_s
        self._monotonic = monotonic
        self._looked_at: float | None = None
        self._unchanged_s: dict[HeldLease, float] = {}

    def expired(self) -> list[HeldLease]:
        """The leases that have expired."""
        processing = Job.objects.filter(status=JobStatus.PROCESSING)
        held = [
            HeldLease(*row) for row in processing.values_list("pk", "lease_token", "lease_until")
        ]
        before, self._looked_at = self._looked_at, self._monotonic()
        if before is None:
            self._unchanged_s = dict.fromkeys(held, 0.0)
            late = set(processing.filter(lease_until__lt=clock.now()).values_list("pk", flat=True))
            return [lease for lease in held if lease.pk in late]
        passed_s = min(self._looked_at - before, self._max_step_s)
        known = self._unchanged_s
        self._unchanged_s = {
            lease: known[lease] + passed_s if lease in known else 0.0 for lease in held
        }
        return [lease for lease, age_s in self._unchanged_s.items() if age_s >= settings.LEASE_S]
