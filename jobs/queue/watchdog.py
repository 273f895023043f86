"""Notices a cluster that looks alive and does nothing."""

import logging
import time
from collections.abc import Callable

from django.db import DatabaseError

from jobs.queue.health import STUCK_AFTER_S, queue_health

LOOK_EVERY_S = 15.0

_log = logging.getLogger("jobs.worker")


class Watchdog:
    """django-q2 may lose an idle worker in a way that leaves the queue locked: its processes
    live and no ticket is ever taken. Only a new start helps."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Jobs may have waited for days while no worker ran: that is not this cluster's fault.
        self._look_at = clock() + STUCK_AFTER_S

    def bites(self) -> bool:
        """Is the queue stuck?"""
        if self._clock() < self._look_at:
            return False
        self._look_at = self._clock() + LOOK_EVERY_S
        try:
            health = queue_health()
        except (DatabaseError, OSError):
            _log.exception("the queue cannot be looked at")
            return False
        if health.stuck:
            _log.critical("jobs wait and nothing moves: %s", health.sentence())
        return health.stuck
