"""Repairs what crashes left, and runs the chores: jobs of dead workers, missing tickets, expired
files."""

import logging
import time
import uuid
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from django.conf import settings
from django.db import close_old_connections, transaction

from jobs.models import Job
from jobs.models.job import JobQuerySet, JobStatus
from jobs.queue import liveness
from jobs.queue.heartbeats import Heartbeats, remove_silent_workers
from jobs.queue.lease import Lease, LeaseLost
from jobs.queue.tickets import top_up
from jobs.queue.worker_table import Member
from jobs.services.account.account_deletion import finish_closures
from jobs.services.campaigns.advance import advance_campaigns
from jobs.services.housekeeping.expire import expire_everything
from jobs.services.housekeeping.sweep import sweep_everything
from jobs.services.storage.disk_space import maintain_reserve
from jobs.worker import outcome
from jobs.worker.chores import DemoRendering, MailProcess, ScheduledBackups, Scrubbing, Verifying
from jobs.worker.lease_expiry import Expiry, HeldLease
from jobs.worker.queue_pruning import prune_queue
from separation.errors import WorkerLost

TICKETS_EVERY_S = 2.0
"""A job whose back-off is over, or whose ticket was lost, waits no longer than this."""

REAP_EVERY_S = 15.0
TAKE_BACK_EVERY_S = 1.0
DEAD_WORKERS_EVERY_S = 2.0
HEARTBEATS_EVERY_S = 5.0
CAMPAIGNS_EVERY_S = 5.0
CLOSURES_EVERY_S = 2.0
VERIFY_EVERY_S = 2.0
NOTICES_EVERY_S = 5.0
BACKUPS_EVERY_S = 600.0
SCRUB_EVERY_S = 600.0
DEMO_EVERY_S = 600.0
RESERVE_EVERY_S = 5.0
EXPIRE_EVERY_S = 3600.0

LOST = "The worker that had this song was lost."

_log = logging.getLogger("jobs.reaper")
_Lost = TypeVar("_Lost")


def reap(expiry: Expiry | None = None) -> int:
    """Take back jobs whose lease has expired; returns how many. They wait again, or fail.

    ``expiry`` remembers earlier observations; without it the clock of the leases decides. A job
    that cannot be taken back is tried again at the next call.
    """
    return _take_each(_reap_one, (expiry or Expiry()).expired())


def reap_dead_workers() -> int:
    """Take back jobs whose worker ran on this machine, in any cluster, and is known to be dead;
    returns how many."""
    return _take_each(_reap_if_dead, _held_tokens())


def _take_each(take: Callable[[_Lost], bool], lost: Iterable[_Lost]) -> int:
    """Call ``take`` for each of ``lost``; returns how many jobs were taken back.

    An error delays no other job. Raises an ``ExceptionGroup`` of all errors at the end.
    """
    taken, faults = 0, []
    for each in lost:
        try:
            taken += take(each)
        except Exception as error:
            _log.exception("%s: it cannot be taken back", each)
            faults.append(error)
    if faults:
        raise ExceptionGroup("jobs that could not be taken back", faults)
    return taken


def _reap_one(lease: HeldLease) -> bool:
    # Checked again under the lock, as a slow worker may just have renewed its lease.
    unchanged = Job.objects.filter(
        pk=lease.pk,
        status=JobStatus.PROCESSING,
        lease_token=lease.token,
        lease_until=lease.until,
    )
    return _take_back(unchanged)


def _reap_if_dead(token: uuid.UUID) -> bool:
    if not liveness.is_dead(token):
        return False
    taken = take_back(token)
    liveness.remove_lock(token)
    return taken


def take_back(token: uuid.UUID) -> bool:
    """Take back the job of a dead worker before its lease expires; returns whether there was one.

    The attempt counts, as the job itself may have killed the worker.
    """
    return _take_back(Job.objects.held(token))


def _take_back(held: JobQuerySet) -> bool:
    with transaction.atomic():
        job = held.select_for_update().first()
        if job is None:
            return False
        try:
            outcome.attempt_failed(Lease(job), WorkerLost(LOST))
        except LeaseLost:
            return False
    _log.warning("job %s: its worker %s was lost", job.pk, job.worker)
    return True


def remove_stale_locks() -> int:
    return liveness.remove_stale_locks(_held_tokens())


def _held_tokens() -> list[uuid.UUID]:
    processing = Job.objects.filter(status=JobStatus.PROCESSING)
    return [token for token in processing.values_list("lease_token", flat=True) if token]


def reap_every_s() -> float:
    """The interval of :func:`reap`: at most a quarter of a lease."""
    return min(REAP_EVERY_S, settings.LEASE_S / 4)


class Housekeeping:
    """Runs the chores that are due. Call :meth:`turn` often; at the first turn all are due."""

    def __init__(self) -> None:
        expiry = Expiry(every_s=reap_every_s())
        self._heartbeats = Heartbeats()
        self._orphaned: list[uuid.UUID] = []
        self._chores: dict[Callable[[], object], float] = {
            maintain_reserve: RESERVE_EVERY_S,
            self._heartbeats.renew: min(HEARTBEATS_EVERY_S, settings.HEARTBEAT_S),
            self._take_back_orphaned: TAKE_BACK_EVERY_S,
            reap_dead_workers: DEAD_WORKERS_EVERY_S,
            partial(reap, expiry): reap_every_s(),
            top_up: TICKETS_EVERY_S,
            remove_silent_workers: REAP_EVERY_S,
            advance_campaigns: CAMPAIGNS_EVERY_S,
            finish_closures: CLOSURES_EVERY_S,
            MailProcess().turn: NOTICES_EVERY_S,
            ScheduledBackups().turn: BACKUPS_EVERY_S,
            Scrubbing().turn: SCRUB_EVERY_S,
            Verifying().turn: VERIFY_EVERY_S,
            DemoRendering().turn: DEMO_EVERY_S,
            # The chores that walk through folders come last, as jobs may wait at a start.
            expire_everything: EXPIRE_EVERY_S,
            sweep_everything: EXPIRE_EVERY_S,
            prune_queue: EXPIRE_EVERY_S,
            remove_stale_locks: EXPIRE_EVERY_S,
        }
        self._due = dict.fromkeys(self._chores, float("-inf"))

    def turn(self) -> None:
        for chore, every_s in self._chores.items():
            if time.monotonic() >= self._due[chore]:
                self._due[chore] = time.monotonic() + every_s
                do_chore(chore)

    def lost(self, worker: Member) -> None:
        """Note that ``worker`` was killed. Its job is taken back at the next turn."""
        if worker.token is not None:
            self._orphaned.append(worker.token)

    def end(self) -> None:
        """Take back the jobs of killed workers, and remove the heartbeats of this cluster."""
        do_chore(self._take_back_orphaned)
        do_chore(self._heartbeats.end)

    def _take_back_orphaned(self) -> None:
        while self._orphaned:
            take_back(self._orphaned[0])
            self._orphaned.pop(0)


def do_chore(chore: Callable[[], object]) -> None:
    try:
        close_old_connections()
        chore()
    except Exception:
        # Workers can run without the database for a while. An error in one chore must not end
        # them or the other chores, so the chore is tried again at its next turn.
        _log.exception("housekeeping failed")
