"""How a claimed job leaves a worker: completed, failed, cancelled, or back to waiting."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from jobs.models import Artifact, Job, Stage
from jobs.models.job import JobStatus
from jobs.models.stage import StageStatus
from jobs.queue.claim import LONGEST_WAIT_S
from jobs.queue.lease import Lease
from jobs.services.housekeeping.expire import WORK
from jobs.services.quotas.limits import give_minutes_back
from jobs.services.storage.files import remove_file, remove_folder
from separation.errors import SeparationError
from separation.storage.leftovers import torn_files, unfinished

ARTIFACT_FIELDS = (
    "name", "path", "format", "sha256", "size_bytes", "frames", "sample_rate_hz", "channels",
    "duration_s", "gain_db", "peak_dbfs", "true_peak_dbtp", "loudness_lufs",
)  # fmt: skip


def complete(lease: Lease, manifest: dict[str, Any]) -> None:
    """Artifacts, stages, manifest and the job's state, all or nothing."""
    now = timezone.now()
    with transaction.atomic():
        lease.end(
            status=JobStatus.COMPLETED,
            cancel_requested_at=None,
            progress_percent=100.0,
            progress_stage="",
            progress_message="Done",
            manifest=manifest,
            completed_at=now,
        )
        Artifact.objects.filter(job_id=lease.job_id).delete()
        Artifact.objects.bulk_create(
            Artifact(
                job_id=lease.job_id,
                position=position,
                stage_name=record["stage"],
                parent=record.get("parent") or "",
                # The pipeline has just taken the digest of what it wrote.
                checked_at=now,
                **{name: record[name] for name in ARTIFACT_FIELDS},
            )
            for position, record in enumerate(manifest["artifacts"])
        )


def fail(lease: Lease, error: SeparationError, *, stage: str | None = None) -> None:
    now = timezone.now()
    with transaction.atomic():
        _clear_away(lease)
        manifest = _told(lease, JobStatus.FAILED, now, error)
        lease.end(
            status=JobStatus.FAILED,
            error_code=error.code,
            error_detail=error.detail,
            progress_message="Failed",
            manifest=manifest,
            completed_at=now,
        )
        give_minutes_back(lease.job_id)
        broken = Stage.objects.filter(job_id=lease.job_id)
        broken = broken.filter(name=stage) if stage else broken.filter(status="processing")
        broken.update(
            status=StageStatus.FAILED,
            completed_at=now,
            error_code=error.code,
            error_detail=error.detail,
        )
        _reset_running_stages(lease)


def cancel(lease: Lease) -> None:
    now = timezone.now()
    with transaction.atomic():
        _clear_away(lease)
        manifest = _told(lease, JobStatus.CANCELLED, now, None)
        lease.end(
            status=JobStatus.CANCELLED,
            progress_message="Cancelled",
            manifest=manifest,
            completed_at=now,
        )
        _reset_running_stages(lease)


def attempt_failed(lease: Lease, error: SeparationError, *, stage: str | None = None) -> None:
    """Try again later when trying may help and attempts are left, else fail for good.

    A wish to cancel that came meanwhile is granted instead.
    """
    with transaction.atomic():
        job = Job.objects.filter(pk=lease.job_id).only("attempt", "max_attempts").first()
        if lease.cancel_requested():
            cancel(lease)
        elif job is None or not error.retryable or job.attempt >= job.max_attempts:
            fail(lease, error, stage=stage)
        else:
            delay = timedelta(seconds=pause_s(job.attempt))
            _wait_again(
                lease,
                not_before=timezone.now() + delay,
                progress_message=f"Trying again: {error.detail}"[:255],
            )


def pause_s(attempt: int) -> float:
    """Until the attempt after this one; well below what would be taken for a clock's mistake."""
    return min(float(settings.BACKOFF_S * 4 ** (attempt - 1)), LONGEST_WAIT_S / 2)


def give_back(lease: Lease, *, wait_s: float = 0.0) -> None:
    """The worker cannot go on, as when it is told to stop: the job waits again, for at least
    ``wait_s``, and this attempt does not count."""
    with transaction.atomic():
        if lease.cancel_requested():
            cancel(lease)
            return
        _wait_again(
            lease,
            attempt=F("attempt") - 1,
            not_before=timezone.now() + timedelta(seconds=wait_s) if wait_s else None,
            progress_message="Waiting for a worker",
        )


def _clear_away(lease: Lease) -> None:
    """Once the job has ended, remove what a runner that was killed had begun to write. Looked for
    now: should the job be tried again at once, what the next attempt begins is its own."""
    directory = Job(pk=lease.job_id).directory
    for folder in unfinished(directory / WORK):
        transaction.on_commit(partial(remove_folder, folder), robust=True)
    for file in torn_files(directory):
        transaction.on_commit(partial(remove_file, file), robust=True)


def _wait_again(lease: Lease, **fields: Any) -> None:
    # When it started stays: its owner had a turn then, whatever came of it.
    lease.end(status=JobStatus.PENDING, **fields)
    _reset_running_stages(lease)


def _reset_running_stages(lease: Lease) -> None:
    running = Stage.objects.filter(job_id=lease.job_id, status=StageStatus.PROCESSING)
    running.update(status=StageStatus.PENDING, started_at=None)


def _told(
    lease: Lease, status: str, now: datetime, error: SeparationError | None
) -> dict[str, Any]:
    """The manifest with the end that only the worker knows, such as a lost runner."""
    stored = Job.objects.filter(pk=lease.job_id).values_list("manifest", flat=True).first()
    if not stored:
        return {}
    return {
        **stored,
        "status": str(status),
        "completed_at": now.isoformat(timespec="milliseconds"),
        "error": error.detail if error else None,
        "error_code": error.code if error else None,
    }
