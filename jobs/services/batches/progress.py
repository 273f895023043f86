"""The progress of a batch, from its jobs: a count for each status, and one percentage."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, FloatField, Q, Sum, Value, When
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.models import Batch, Job, Upload
from jobs.models.job import ENDED, JobStatus

_SECONDS = Greatest(F("source__duration_s"), Value(1.0))
"""The weight of a song. A song of ten minutes is ten times the work of a song of one minute."""

_DONE_SECONDS = Case(
    # A failed song has no work left, either.
    When(status__in=ENDED, then=_SECONDS),
    default=_SECONDS * F("progress_percent") / 100.0,
    output_field=FloatField(),
)


@dataclass(frozen=True)
class BatchProgress:
    """The progress of one batch. ``coming``: songs whose upload has not ended."""

    pending: int = 0
    processing: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    coming: int = 0
    percent: float = 0.0

    @property
    def songs(self) -> int:
        return self.active + self.ended

    @property
    def active(self) -> int:
        return self.pending + self.processing

    @property
    def ended(self) -> int:
        return self.completed + self.failed + self.cancelled

    @property
    def retryable(self) -> int:
        return self.failed + self.cancelled

    @property
    def is_moving(self) -> bool:
        return bool(self.active or self.coming)

    @property
    def status(self) -> str:
        """The status of the batch, as one of the statuses of a job."""
        if self.processing or (self.ended and self.is_moving):
            return JobStatus.PROCESSING
        if self.is_moving or not self.songs:
            return JobStatus.PENDING
        if self.failed:
            return JobStatus.FAILED
        return JobStatus.COMPLETED if self.completed else JobStatus.CANCELLED

    @property
    def label(self) -> str:
        """The status in words; it tells how many songs failed if not all did."""
        if self.status == JobStatus.FAILED:
            some = ngettext("%(n)s failed", "%(n)s failed", self.failed) % {"n": self.failed}
            return _("Failed") if self.failed == self.songs else some
        if self.status == JobStatus.PENDING and not self.songs:
            return _("Uploading") if self.coming else _("Empty")
        return str(JobStatus(self.status).label)

    @property
    def words(self) -> str:
        """The counts in words, such as "3 completed, 1 failed", without zeros."""
        counts = (
            (self.completed, ngettext("%(n)s completed", "%(n)s completed", self.completed)),
            (self.failed, ngettext("%(n)s failed", "%(n)s failed", self.failed)),
            (self.cancelled, ngettext("%(n)s cancelled", "%(n)s cancelled", self.cancelled)),
            (self.processing, ngettext("%(n)s processing", "%(n)s processing", self.processing)),
            (self.pending, ngettext("%(n)s waiting", "%(n)s waiting", self.pending)),
            (self.coming, _("%(n)s being uploaded")),
        )
        return ", ".join(words % {"n": count} for count, words in counts if count) or _("no songs")


def progress_of(batch: Batch) -> BatchProgress:
    return progress_of_batches([batch.pk])[batch.pk]


def progress_of_batches(batch_ids: Iterable[UUID]) -> dict[UUID, BatchProgress]:
    """The progress of each batch, with two queries."""
    ids = list(batch_ids)
    songs, coming = _songs(ids), _coming(ids)
    return {pk: _progress(songs.get(pk, {}), coming.get(pk, 0)) for pk in ids}


def _songs(ids: list[UUID]) -> dict[UUID, dict[str, Any]]:
    counts = {status: Count("pk", filter=Q(status=status)) for status in JobStatus.values}
    jobs = Job.objects.filter(batch__in=ids).listed().order_by()
    rows = jobs.values("batch").annotate(
        all_s=Sum(_SECONDS, output_field=FloatField()), done_s=Sum(_DONE_SECONDS), **counts
    )
    return {row["batch"]: dict(row) for row in rows}


def _coming(ids: list[UUID]) -> dict[UUID, int]:
    uploads = Upload.objects.unfinished().filter(batch__in=ids).order_by()
    rows = uploads.values("batch").annotate(count=Count("pk"))
    return {row["batch"]: row["count"] for row in rows}


def _progress(row: dict[str, Any], coming: int) -> BatchProgress:
    counts = {status: row.get(status, 0) for status in JobStatus.values}
    songs, all_s, done_s = sum(counts.values()), row.get("all_s") or 0.0, row.get("done_s") or 0.0
    # The length of an arriving song is unknown, so it counts as long as the others are on average.
    all_s += coming * (all_s / songs if songs else 1.0)
    percent = min(100.0 * done_s / all_s, 100.0) if all_s else 0.0
    return BatchProgress(**counts, coming=coming, percent=percent)
