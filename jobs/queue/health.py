"""Is somebody working? For pages, ``/health`` and ``stemworker --check``."""

from dataclasses import dataclass

from django.db.models import Count, Min, Q
from django.utils import timezone
from django_q.status import Stat

from jobs.models import Job
from jobs.models.job import JobStatus


@dataclass(frozen=True)
class QueueHealth:
    """``workers_alive`` counts processes that take jobs; ``oldest_pending_s`` is None when
    nothing waits."""

    workers_alive: int
    pending: int
    processing: int
    oldest_pending_s: float | None


def queue_health() -> QueueHealth:
    now = timezone.now()
    waits = Q(status=JobStatus.PENDING) & (Q(not_before=None) | Q(not_before__lte=now))
    counted = Job.objects.aggregate(
        pending=Count("pk", filter=waits),
        processing=Count("pk", filter=Q(status=JobStatus.PROCESSING)),
        oldest=Min("created_at", filter=waits),
    )
    oldest = counted["oldest"]
    return QueueHealth(
        # A cluster signs on in the shared cache each second; its entry lives for three.
        workers_alive=sum(len(stat.workers) for stat in Stat.get_all()),
        pending=counted["pending"],
        processing=counted["processing"],
        oldest_pending_s=(now - oldest).total_seconds() if oldest else None,
    )
