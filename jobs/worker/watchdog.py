"""Notices a cluster that looks alive and does nothing."""

import logging
import time
from collections.abc import Callable

from django.db import DatabaseError

from jobs.queue import worker_table
from jobs.queue.claim import runnable
from jobs.queue.health import STUCK_AFTER_S
from jobs.queue.lanes import current_post
from jobs.queue.worker_table import Doing, Member

LOOK_EVERY_S = 15.0
REPLACED_WITHIN_S = 20.0
"""django-q2 replaces a dead worker within a second or two, on a busy machine too."""

_log = logging.getLogger("jobs.worker")


class Watchdog:
    """Three ways in which django-q2 comes to a halt, and only a new start helps.

    A worker that is killed while it waits holds the lock of the queue between the processes: all
    that come after it wait for ever. Where the clock of the machine is put back, the sentinel
    stands still for as long, as the kernel times its waits by that clock: it replaces nobody. And
    whatever else may stop the tickets shows in that jobs wait which a free worker of ours could
    take, and none of ours moves. Wall clocks have no say in this, as they jump.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        on_death: Callable[[Member], object] = lambda _: None,
    ) -> None:
        """``on_death`` is told of each worker that was killed."""
        self._clock = clock
        self._on_death = on_death
        # Jobs may have waited for days while no worker ran: that is not this cluster's fault.
        self._started = self._look_at = clock()
        self._waits_since: float | None = None
        self._complete_at = self._started

    def bites(self) -> bool:
        """Is this cluster past help?"""
        gone = worker_table.sweep()
        for member in gone:
            self._on_death(member)
            if member.doing is Doing.WAITING:
                _log.critical("worker %s died while it held the queue", member.pid)
        if any(member.doing is Doing.WAITING for member in gone):
            return True
        if self._lacks_workers():
            return True
        if self._clock() < self._look_at:
            return False
        self._look_at = self._clock() + LOOK_EVERY_S
        return self._is_stuck()

    def _lacks_workers(self) -> bool:
        if len(worker_table.members()) >= current_post().workers:
            self._complete_at = self._clock()
        if self._clock() - self._complete_at <= REPLACED_WITHIN_S:
            return False
        _log.critical("nobody has replaced a dead worker for %.0f s", REPLACED_WITHIN_S)
        return True

    def _is_stuck(self) -> bool:
        free = [member for member in worker_table.members() if member.doing is not Doing.WORKING]
        all_work = len(worker_table.members()) - len(free) >= current_post().workers
        if all_work or not self._something_waits():
            self._waits_since = None
            return False
        if self._waits_since is None:
            self._waits_since = self._clock()
        moved = max([self._started, self._waits_since, *(member.since for member in free)])
        if self._clock() - moved <= STUCK_AFTER_S:
            return False
        _log.critical("jobs wait, and no free worker has moved for %.0f s", STUCK_AFTER_S)
        return True

    def _something_waits(self) -> bool:
        try:
            return runnable(current_post().lanes).exists()
        except (DatabaseError, OSError):
            _log.exception("the queue cannot be looked at")
            return False
