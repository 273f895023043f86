"""Cancels a job that waits or runs."""

from django.utils import timezone

from jobs.errors import JobConflict
from jobs.models import Job
from jobs.models.job import JobStatus, QueueRank


def cancel_job(*, job: Job) -> Job:
    """Cancel a waiting job now, or request the worker to cancel a running job. The worker sees the
    request within a second.

    Safe to repeat while the worker is stopping. Raises ``JobConflict`` for a job that has ended.
    """
    now = timezone.now()
    rows = Job.objects.filter(pk=job.pk)
    # Twice, as the job may be claimed or given back between the two updates.
    for _ in range(2):
        if rows.filter(status=JobStatus.PENDING).update(
            status=JobStatus.CANCELLED,
            cancel_requested_at=now,
            completed_at=now,
            updated_at=now,
            not_before=None,
            queue_rank=QueueRank.IN_LINE,
            worker="",
            progress_message="Cancelled",
            eta_s=None,
        ):
            break
        if rows.filter(status=JobStatus.PROCESSING, cancel_requested_at=None).update(
            cancel_requested_at=now, updated_at=now
        ):
            break
    job.refresh_from_db()
    if job.status in (JobStatus.COMPLETED, JobStatus.FAILED) or job.cancel_requested_at is None:
        raise JobConflict(f"The job has already ended: {job.get_status_display().lower()}.")
    return job
