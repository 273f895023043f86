"""Ends the work of a worker on a claimed job: completed, failed, cancelled, or waiting again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from jobs.models import Artifact, Job, Stage
from jobs.models.job import JobStatus, QueueRank
from jobs.models.stage import StageStatus
from jobs.queue.claim import LONGEST_WAIT_S, due
from jobs.queue.lease import Lease
from jobs.services.housekeeping.expire import WORK
from jobs.services.quotas.limits import give_minutes_back
from jobs.services.storage.files import remove_file, remove_folder
from separation.errors import SeparationError
from separation.pipeline.manifest_digest import manifest_digest
from separation.storage.leftovers import torn_files, unfinished

ARTIFACT_FIELDS = (
    "name", "path", "format", "sha256", "size_bytes", "frames", "sample_rate_hz", "channels",
    "duration_s", "gain_db", "peak_dbfs", "true_peak_dbtp", "loudness_lufs",
)  # fmt: skip


def complete(lease: Lease, manifest: dict[str, Any]) -> None:
    """Store the artifacts, the manifest and the state of a completed job in one transaction."""
    now = timezone.now()
    with transaction.atomic():
        lease.end(
            status=JobStatus.COMPLETED,
            cancel_requested_at=None,
            progress_percent=100.0,
            progress_stage="",
            progress_message="Done",
            manifest=manifest,
            manifest_sha256=manifest_digest(manifest),
            completed_at=now,
        )
        Artifact.objects.filter(job_id=lease.job_id).delete()
        Artifact.objects.bulk_create(
            Artifact(
                job_id=lease.job_id,
                position=position,
                stage_name=record["stage"],
                # A runner of an earlier version does not tell all of these.
                **{name: record.get(name) or "" for name in ("parent", "note", "same_as")},
                # The pipeline has just computed the digest of the file.
                checked_at=now,
                **{name: record[name] for name in ARTIFACT_FIELDS},
            )
            for position, record in enumerate(manifest["artifacts"])
        )


def fail(lease: Lease, error: SeparationError, *, stage: str | None = None) -> None:
    now = timezone.now()
    with transaction.atomic():
        _remove_partial_files(lease)
        manifest = _ended_manifest(lease, JobStatus.FAILED, now, error)
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
        _remove_partial_files(lease)
        manifest = _ended_manifest(lease, JobStatus.CANCELLED, now, None)
        lease.end(
            status=JobStatus.CANCELLED,
            progress_message="Cancelled",
            manifest=manifest,
            completed_at=now,
        )
        _reset_running_stages(lease)


def attempt_failed(lease: Lease, error: SeparationError, *, stage: str | None = None) -> None:
    """Retry the job later when the error is retryable and attempts are left; else fail the job.

    If somebody requested a cancel meanwhile, the job is cancelled instead.
    """
    with transaction.atomic():
        job = Job.objects.filter(pk=lease.job_id).only("attempt", "max_attempts").first()
        if lease.cancel_requested():
            cancel(lease)
        elif job is None or not error.retryable or job.attempt >= job.max_attempts:
            fail(lease, error, stage=stage)
        else:
            delay = timedelta(seconds=pause_s(job.attempt))
            _requeue(
                lease,
                not_before=timezone.now() + delay,
                progress_message=f"Trying again: {error.detail}"[:255],
            )


def pause_s(attempt: int) -> float:
    """The back-off after this attempt, at most half of the length that counts as a wrong clock."""
    return min(float(settings.BACKOFF_S * 4 ** (attempt - 1)), LONGEST_WAIT_S / 2)


def give_back(lease: Lease, *, wait_s: float = 0.0) -> None:
    """Return the job to the queue because the worker cannot continue, as when it drains. The job
    waits for at least ``wait_s``, and this attempt does not count."""
    with transaction.atomic():
        if lease.cancel_requested():
            cancel(lease)
            return
        _requeue(
            lease,
            attempt=F("attempt") - 1,
            not_before=timezone.now() + timedelta(seconds=wait_s) if wait_s else None,
            progress_message="Waiting for a worker",
        )


def give_way(lease: Lease, *, songs: Sequence[UUID], ran_s: float) -> None:
    """Return the job to the queue for a turn of shorter songs, after which it goes on first.

    The attempt does not count, and it continues later. ``songs``: the ids of the jobs that get the
    turn. ``ran_s``: how long the attempt has run in all.
    """
    with transaction.atomic():
        if lease.cancel_requested():
            cancel(lease)
            return
        held = Job.objects.held(lease.token)
        row = held.values_list("worker", "progress_percent", "campaign_id").first()
        worker, percent, campaign = row or ("", 0.0, None)
        chosen = Job.objects.filter(due(), pk__in=songs).exclude(queue_rank=QueueRank.GAVE_WAY)
        count = chosen.update(queue_rank=QueueRank.HAS_TURN)
        _requeue(
            lease,
            attempt=F("attempt") - 1,
            not_before=None,
            queue_rank=QueueRank.GAVE_WAY,
            preempted_at=timezone.now(),
            ran_s=ran_s,
            # The job is reserved for its worker: see `jobs.queue.claim`.
            worker=worker,
            progress_message=_turn_message(count, percent, others=campaign is None),
        )


def _turn_message(songs: int, percent: float, *, others: bool) -> str:
    """``others``: the songs belong to other people. A campaign also gives way to a song of the
    person whose old songs it separates."""
    if not songs:
        return "Waiting for a worker"
    who = "A shorter song" if songs == 1 else "Shorter songs"
    who += (" of somebody else" if songs == 1 else " of other people") if others else ""
    return f"{who} {'has' if songs == 1 else 'have'} a turn; this one goes on at {percent:.0f} %"


def _remove_partial_files(lease: Lease) -> None:
    """Remove the partial files of a killed runner once the end of the job is committed.

    The files are listed now, not after the commit: a next attempt may start at once, and its files
    must stay.
    """
    directory = Job(pk=lease.job_id).directory
    for folder in unfinished(directory / WORK):
        transaction.on_commit(partial(remove_folder, folder), robust=True)
    for file in torn_files(directory):
        transaction.on_commit(partial(remove_file, file), robust=True)


def _requeue(lease: Lease, **fields: Any) -> None:
    # `started_at` stays, as the attempt counts as a turn of its owner even if it failed.
    lease.end(status=JobStatus.PENDING, **fields)
    _reset_running_stages(lease)


def _reset_running_stages(lease: Lease) -> None:
    running = Stage.objects.filter(job_id=lease.job_id, status=StageStatus.PROCESSING)
    running.update(status=StageStatus.PENDING, started_at=None)


def _ended_manifest(
    lease: Lease, status: str, now: datetime, error: SeparationError | None
) -> dict[str, Any]:
    """The stored manifest with the outcome, which the runner cannot know when it was lost."""
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
