"""Whether workers serve the queue, for pages, ``/health`` and ``stemworker --check``."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Min, Q
from django.utils import timezone

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue import heartbeats

STUCK_AFTER_S = 120.0
"""Missing tickets are added every few seconds, so an idle queue that keeps a job waiting for this
long is stuck."""


@dataclass(frozen=True)
class QueueHealth:
    """``workers_alive`` counts processes that take jobs. ``oldest_pending_s`` is how long the
    oldest waiting job could have been taken; None when no job waits. ``ended_lately``: a job ended
    within the last two minutes."""

    workers_alive: int
    pending: int
    processing: int
    oldest_pending_s: float | None
    ended_lately: bool = False

    @property
    def ok(self) -> bool:
        """A worker is alive, and the queue is not stuck."""
        return self.workers_alive > 0 and not self.stuck

    @property
    def stuck(self) -> bool:
        """A job waits for long while no worker works. Between two jobs no worker works for a
        moment, so a job that ended lately proves progress as well."""
        waits_long = (self.oldest_pending_s or 0.0) > STUCK_AFTER_S
        return waits_long and self.processing == 0 and not self.ended_lately

    def sentence(self) -> str:
        waiting = f"{self.pending} waiting, {self.processing} running"
        if self.workers_alive == 0:
            return f"No worker is running; {waiting}."
        if not self.ok:
            return f"Jobs wait and no worker takes them; {waiting}."
        workers = "1 worker" if self.workers_alive == 1 else f"{self.workers_alive} workers"
        return f"{workers}; {waiting}."


def queue_health() -> QueueHealth:
    now = timezone.now()
    waits = Q(status=JobStatus.PENDING) & (Q(not_before=None) | Q(not_before__lte=now))
    counted = Job.objects.active().aggregate(
        pending=Count("pk", filter=waits),
        processing=Count("pk", filter=Q(status=JobStatus.PROCESSING)),
        # A waiting row last changed when it began to wait: created, retried, or given back.
        since=Min("updated_at", filter=waits),
    )
    since = counted["since"]
    recent = now - timedelta(seconds=STUCK_AFTER_S)
    return QueueHealth(
        workers_alive=heartbeats.alive().count(),
        pending=counted["pending"],
        processing=counted["processing"],
        oldest_pending_s=(now - since).total_seconds() if since else None,
        ended_lately=Job.objects.filter(completed_at__gte=recent).exists(),
    )
