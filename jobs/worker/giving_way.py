"""Decides when the running job gives way to shorter songs of other people."""

import time
from uuid import UUID

from jobs.models import Job
from jobs.services.timing.turns import songs_before

LOOK_S = 2.0
"""How often the queue is checked. The songs wait for the next checkpoint in any case."""


class GivingWay:
    """The decision for one attempt.

    The time before the first turn starts when the job passes the progress that it already had. So a
    job that gave way has made progress before it gives way again.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._began = time.monotonic()
        self._new_progress_since: float | None = None
        self._checked_at = float("-inf")
        self._pauses = False

    @property
    def ran_s(self) -> float:
        """How long the attempt has run in all, without the turns of others."""
        return self._job.ran_s + time.monotonic() - self._began

    def note_progress(self, percent: float) -> None:
        if self._new_progress_since is None and percent > self._job.progress_percent:
            self._new_progress_since = time.monotonic()

    def new_decision(self) -> bool | None:
        """Whether the runner must pause; None where the last decision stands.

        Raises the errors of the database.
        """
        now = time.monotonic()
        if self._new_progress_since is None or now - self._checked_at < LOOK_S:
            return None
        pauses = bool(self.songs())
        self._checked_at = now
        if pauses is self._pauses:
            return None
        self._pauses = pauses
        return pauses

    def songs(self) -> list[UUID]:
        """The ids of the songs that go before the rest of the job."""
        if self._new_progress_since is None:
            return []
        return songs_before(self._job, ran_s=time.monotonic() - self._new_progress_since)
