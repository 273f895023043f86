"""Batches in the history: one row each, in the place of the song that was sent last."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q

from jobs.models import Batch, Job
from jobs.models.job import JobQuerySet
from jobs.services.batches.progress import Sight, sights_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_OFFERED = 100
"""Batches that the filter of the history names, newest first."""


@dataclass(frozen=True)
class BatchRow:
    batch: Batch
    sight: Sight


def one_row_each(jobs: JobQuerySet) -> JobQuerySet:
    """Of every batch only the song that was sent last; it stands for all of them."""
    later = Q(created_at__gt=OuterRef("created_at")) | Q(
        created_at=OuterRef("created_at"), pk__gt=OuterRef("pk")
    )
    newer = Job.objects.filter(later, batch=OuterRef("batch")).listed()
    return jobs.filter(Q(batch=None) | ~Exists(newer))


def batch_rows(jobs: Sequence[Job]) -> dict[UUID, BatchRow]:
    """By the id of the job in whose place the row stands. A batch of one song is that song."""
    ids = {job.batch_id for job in jobs if job.batch_id is not None}
    if not ids:
        return {}
    sights = sights_of(ids)
    return {
        job.pk: BatchRow(job.batch, sights[job.batch_id])
        for job in jobs
        if job.batch_id is not None and job.batch is not None and _are_many(sights[job.batch_id])
    }


def _are_many(sight: Sight) -> bool:
    return sight.songs + sight.coming > 1


def batches_offered(owner: "User", *, also: str = "") -> list[tuple[str, str]]:
    """For the filter: each with more than one song, by its name, and that of the id ``also``."""
    mine = Batch.objects.filter(owner=owner)
    many = mine.annotate(songs=Count("jobs")).filter(songs__gt=1)
    offered = [(str(pk), name) for pk, name in many.values_list("pk", "name")[:MOST_OFFERED]]
    if also in dict(offered):
        return offered
    try:
        asked = mine.filter(pk=UUID(also))
    except ValueError:
        return offered
    return [*offered, *((str(pk), name) for pk, name in asked.values_list("pk", "name"))]
