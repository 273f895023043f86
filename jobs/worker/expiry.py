"""Which leases are over, by a reaper that trusts no clock for long.

A worker renews its lease at every heartbeat. A reaper that looks again and again and finds the
same lease each time knows that nobody renews it, whatever the clocks say: a clock that jumps
neither ends a lease that is renewed nor prolongs one that is not. Time in which the reaper itself
could not look, as the database was away or the machine slept, counts for little: the workers
could not renew then either.

The first look of all has no earlier one to compare with and goes by the clock of the leases: what
was left by a site that was down for long is taken up again at once.
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
class Held:
    """A lease as it was when somebody looked."""

    pk: uuid.UUID
    token: uuid.UUID | None
    until: datetime | None


class Expiry:
    """``every_s``: how often :meth:`over` is asked, when all is well."""

    def __init__(
        self, *, every_s: float = 0.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._most_s = 2 * every_s
        self._monotonic = monotonic
        self._looked: float | None = None
        self._unchanged_s: dict[Held, float] = {}

    def over(self) -> list[Held]:
        processing = Job.objects.filter(status=JobStatus.PROCESSING)
        held = [Held(*row) for row in processing.values_list("pk", "lease_token", "lease_until")]
        before, self._looked = self._looked, self._monotonic()
        if before is None:
            self._unchanged_s = dict.fromkeys(held, 0.0)
            late = set(processing.filter(lease_until__lt=clock.now()).values_list("pk", flat=True))
            return [lease for lease in held if lease.pk in late]
        passed_s = min(self._looked - before, self._most_s)
        known = self._unchanged_s
        self._unchanged_s = {
            lease: known[lease] + passed_s if lease in known else 0.0 for lease in held
        }
        return [lease for lease, age_s in self._unchanged_s.items() if age_s >= settings.LEASE_S]
