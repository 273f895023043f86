"""Puts right what crashes left: expired leases, missing tickets, files past their time."""

import logging
import time
import uuid
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, transaction

from jobs.models import Job
from jobs.queue import outcome
from jobs.queue.lease import Lease, LeaseLost
from jobs.queue.tickets import top_up
from jobs.services.expire import expire_everything
from jobs.services.sweep import sweep_everything
from separation.errors import WorkerLost

TICKETS_EVERY_S = 2.0
"""A job whose back-off is over, or whose ticket went astray, waits no longer than this."""

REAP_EVERY_S = 15.0
EXPIRE_EVERY_S = 3600.0

LOST = "The worker that had this song was lost."

_log = logging.getLogger("jobs.reaper")


def reap() -> int:
    """Jobs whose worker has been silent for too long wait again, or fail; returns how many."""
    expired = list(Job.objects.lease_expired().values_list("pk", flat=True))
    return sum(_reap_one(pk) for pk in expired)


def _reap_one(pk: uuid.UUID) -> bool:
    with transaction.atomic():
        # Asked again under the lock: a slow worker may just have renewed its lease.
        job = Job.objects.lease_expired().select_for_update().filter(pk=pk).first()
        if job is None:
            return False
        try:
            outcome.attempt_failed(Lease(job), WorkerLost(LOST))
        except LeaseLost:
            return False
    _log.warning("job %s: its worker %s was lost", pk, job.worker)
    return True


class Housekeeping:
    """Call :meth:`turn` often; it does what is due. Everything is due at the first turn."""

    def __init__(self) -> None:
        self._chores: dict[Callable[[], object], float] = {
            reap: REAP_EVERY_S,
            expire_everything: EXPIRE_EVERY_S,
            sweep_everything: EXPIRE_EVERY_S,
            top_up: TICKETS_EVERY_S,
        }
        self._due = dict.fromkeys(self._chores, float("-inf"))

    def turn(self) -> None:
        for chore, every_s in self._chores.items():
            if time.monotonic() >= self._due[chore]:
                self._due[chore] = time.monotonic() + every_s
                _attempt(chore)


def _attempt(chore: Callable[[], object]) -> None:
    try:
        close_old_connections()
        chore()
    except (DatabaseError, OSError):
        # Workers live on without the database for a while; the chore comes round again.
        _log.exception("housekeeping failed")
