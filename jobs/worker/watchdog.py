"""Detects a cluster that is alive but takes no jobs."""

import logging
import time
from collections.abc import Callable

from django.db import DatabaseError

from jobs.queue import worker_table
from jobs.queue.claim import runnable
from jobs.queue.health import STUCK_AFTER_S
from jobs.queue.lanes import current_assignment
from jobs.queue.worker_table import Activity, Member

LOOK_EVERY_S = 15.0
REPLACED_WITHIN_S = 20.0
"""django-q2 replaces a dead worker within a second or two, on a busy machine too."""

_log = logging.getLogger("jobs.worker")


class Watchdog:
    """Detects the three faults after which only a restart of django-q2 helps.

    A worker that is killed while it waits holds the lock of the queue between the processes, so
    all later workers wait for ever. When somebody sets the clock of the machine back, the sentinel
    hangs for that time, as the kernel times its waits by that clock; it then replaces no worker.
    Any other fault shows when jobs wait that a free worker of this cluster could take, and no
    worker of it moves. The watchdog uses the monotonic clock, as wall clocks jump.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        on_death: Callable[[Member], object] = lambda _: None,
    ) -> None:
        """``on_death`` is called with each worker that was killed."""
        self._clock = clock
        self._on_death = on_death
        # Jobs may have waited for days while no worker ran. That is no fault of this cluster.
        self._started = self._look_at = clock()
        self._waiting_since: float | None = None
        self._complete_at = self._started

    def needs_restart(self) -> bool:
        """Whether only a restart helps this cluster."""
        gone = worker_table.sweep()
        for member in gone:
            self._on_death(member)
            if member.activity is Activity.WAITING:
                _log.critical("worker %s died while it held the queue", member.pid)
        if any(member.activity is Activity.WAITING for member in gone):
            return True
        if self._lacks_workers():
            return True
        if self._clock() < self._look_at:
            return False
        self._look_at = self._clock() + LOOK_EVERY_S
        return self._is_stuck()

    def _lacks_workers(self) -> bool:
        if len(worker_table.members()) >= current_assignment().workers:
            self._complete_at = self._clock()
        if self._clock() - self._complete_at <= REPLACED_WITHIN_S:
            return False
        _log.critical("nobody has replaced a dead worker for %.0f s", REPLACED_WITHIN_S)
        return True

    def _is_stuck(self) -> bool:
        free = [
            member for member in worker_table.members() if member.activity is not Activity.WORKING
        ]
        all_work = len(worker_table.members()) - len(free) >= current_assignment().workers
        if all_work or not self._has_waiting_jobs():
            self._waiting_since = None
            return False
        if self._waiting_since is None:
            self._waiting_since = self._clock()
        moved = max([self._started, self._waiting_since, *(member.since for member in free)])
        if self._clock() - moved <= STUCK_AFTER_S:
            return False
        _log.critical("jobs wait, and no free worker has moved for %.0f s", STUCK_AFTER_S)
        return True

    def _has_waiting_jobs(self) -> bool:
        try:
            return runnable(current_assignment().lanes).exists()
        except (DatabaseError, OSError):
            _log.exception("the queue cannot be looked at")
            return False
