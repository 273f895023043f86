"""Batches in the library: one row for each batch, in the place of its newest song."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q

from jobs.models import Batch, Job
from jobs.models.job import JobQuerySet
from jobs.services.batches.progress import BatchProgress, progress_of_batches

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_OFFERED = 100
"""How many batches the filter of the library offers, newest first."""


SONGS_SHOWN = 12
"""How many songs of a batch its row names."""


@dataclass(frozen=True)
class BatchRow:
    """``songs``: the first ones, in the order in which they were sent."""

    batch: Batch
    sight: BatchProgress
    songs: tuple[Job, ...]

    @property
    def more(self) -> int:
        return self.sight.songs - len(self.songs)


def newest_of_each_batch(jobs: JobQuerySet) -> JobQuerySet:
    """Keep only the newest song of each batch, which represents the batch."""
    later = Q(created_at__gt=OuterRef("created_at")) | Q(
        created_at=OuterRef("created_at"), pk__gt=OuterRef("pk")
    )
    newer = Job.objects.filter(later, batch=OuterRef("batch")).listed()
    return jobs.filter(Q(batch=None) | ~Exists(newer))


def batch_rows(jobs: Sequence[Job]) -> dict[UUID, BatchRow]:
    """The rows of batches, by the id of the job that they replace in the list. A batch of one song
    has no row, as the song is listed itself."""
    ids = {job.batch_id for job in jobs if job.batch_id is not None}
    if not ids:
        return {}
    progress, songs = progress_of_batches(ids), _first_songs(ids)
    return {
        job.pk: BatchRow(job.batch, progress[job.batch_id], tuple(songs[job.batch_id]))
        for job in jobs
        if job.batch_id is not None and job.batch is not None and _are_many(progress[job.batch_id])
    }


def _first_songs(ids: set[UUID]) -> dict[UUID, list[Job]]:
    """The songs that the rows of these batches name, with two queries."""
    listed = Job.objects.filter(batch__in=ids).listed().order_by("created_at", "id")
    first: dict[UUID, list[UUID]] = {pk: [] for pk in ids}
    for batch, song in listed.values_list("batch", "pk"):
        if batch is not None and len(first[batch]) < SONGS_SHOWN:
            first[batch].append(song)
    # Without the fields that hold a manifest or a pipeline: a row names the song and its status.
    jobs = Job.objects.select_related("source").only(
        "status",
        "batch",
        "source__song_title",
        "source__name_number",
        "source__title",
        "source__original_name",
    )
    rows = jobs.in_bulk([pk for songs in first.values() for pk in songs])
    return {batch: [rows[pk] for pk in songs if pk in rows] for batch, songs in first.items()}


def _are_many(sight: BatchProgress) -> bool:
    return sight.songs + sight.coming > 1


def batches_offered(owner: "User", *, also: str = "") -> list[tuple[str, str]]:
    """Ids and names of batches for the filter: those with more than one song, and ``also``, the id
    of the selected one."""
    batches = Batch.objects.filter(owner=owner)
    many = batches.annotate(songs=Count("jobs")).filter(songs__gt=1)
    offered = [(str(pk), name) for pk, name in many.values_list("pk", "name")[:MOST_OFFERED]]
    if also in dict(offered):
        return offered
    try:
        selected = batches.filter(pk=UUID(also))
    except ValueError:
        return offered
    return [*offered, *((str(pk), name) for pk, name in selected.values_list("pk", "name"))]
