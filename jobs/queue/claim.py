"""Taking one job out of the table, so that exactly one worker has it."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from jobs.models import Job
from jobs.models.job import JobQuerySet, JobStatus, Lane

CANDIDATES = 5
"""How many jobs to look at: with a few workers the first is nearly always still free."""


def claim_next(*, lane: str, worker: str) -> Job | None:
    """Claim the job that is to run next, or say that there is none.

    Waiting people go before recomputation whatever the ticket's lane; ``lane`` only decides
    what follows.
    """
    for each in dict.fromkeys((Lane.INTERACTIVE.value, lane, Lane.BACKFILL.value)):
        job = _claim_in(each, worker)
        if job is not None:
            return job
    return None


def _claim_in(lane: str, worker: str) -> Job | None:
    with transaction.atomic():
        for pk in _candidates(lane).values_list("pk", flat=True)[:CANDIDATES]:
            token = uuid.uuid4()
            if claim(pk=pk, token=token, worker=worker):
                return Job.objects.select_related("source").get(lease_token=token)
    return None


def claim(*, pk: uuid.UUID, token: uuid.UUID, worker: str) -> bool:
    """The one conditional update that makes ``token`` the holder; False when another was faster."""
    now = timezone.now()
    taken = Job.objects.due().filter(pk=pk)
    return bool(
        taken.update(
            status=JobStatus.PROCESSING,
            attempt=F("attempt") + 1,
            lease_token=token,
            lease_until=now + timedelta(seconds=settings.LEASE_S),
            worker=worker[:128],
            started_at=now,
            not_before=None,
            progress_message="Starting",
            error_code="",
            error_detail="",
            warnings=[],
            updated_at=now,
        )
    )


def _candidates(lane: str) -> JobQuerySet:
    """In fair order: priority, then who has fewest jobs running, then age."""
    running = (
        Job.objects.filter(owner=OuterRef("owner"), status=JobStatus.PROCESSING)
        .order_by()
        .values("owner")
        .annotate(n=Count("pk"))
        .values("n")
    )
    share = Coalesce(Subquery(running, output_field=IntegerField()), 0)
    jobs = Job.objects.claimable(lane).annotate(share=share)
    ordered = jobs.order_by("-priority", "share", "created_at")
    if connection.features.has_select_for_update_skip_locked:
        return ordered.select_for_update(skip_locked=True, of=("self",))
    return ordered
