"""Is somebody working? For pages, ``/health`` and ``stemworker --check``."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Min, Q
from django.utils import timezone

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue import heartbeats

STUCK_AFTER_S = 120.0
"""Tickets are topped up every few seconds: an idle queue that keeps a job this long is stuck."""


@dataclass(frozen=True)
class QueueHealth:
    """``workers_alive`` counts processes that take jobs; ``oldest_pending_s`` is how long the
    first of the waiting jobs could have been taken, None when nothing waits; ``ended_lately``:
    some job ended within the last two minutes."""

    workers_alive: int
    pending: int
    processing: int
    oldest_pending_s: float | None
    ended_lately: bool = False

    @property
    def ok(self) -> bool:
        """Somebody is there, and nothing has waited for long while nobody works."""
        return self.workers_alive > 0 and not self.stuck

    @property
    def stuck(self) -> bool:
        """Between two jobs nobody works for a moment, hence the look at those that ended."""
        waits_long = (self.oldest_pending_s or 0.0) > STUCK_AFTER_S
        return waits_long and self.processing == 0 and not self.ended_lately

    def sentence(self) -> str:
        waiting = f"{self.pending} waiting, {self.processing} running"
        if self.workers_alive == 0:
            return f"No worker is running; {waiting}."
        if not self.ok:
            return f"Jobs wait and no worker takes them; {waiting}."
        return f"{self.workers_alive} worker(s); {waiting}."


def queue_health() -> QueueHealth:
    now = timezone.now()
    waits = Q(status=JobStatus.PENDING) & (Q(not_before=None) | Q(not_before__lte=now))
    counted = Job.objects.active().aggregate(
        pending=Count("pk", filter=waits),
        processing=Count("pk", filter=Q(status=JobStatus.PROCESSING)),
        # A waiting row last changed when it began to wait: made, retried, or given back.
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
