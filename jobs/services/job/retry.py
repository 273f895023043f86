"""Runs a failed or cancelled job again."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from jobs.errors import JobConflict, SourceMissing
from jobs.models import Campaign, Job
from jobs.models.account_lock import lock_account
from jobs.models.campaign import CampaignStatus
from jobs.models.job import HELD_UNTIL, RETRYABLE, JobStatus, QueueRank
from jobs.models.stage import StageStatus
from jobs.queue.tickets import put_ticket
from jobs.services.batch_membership import record_added_work
from jobs.services.job.bulk import BulkOutcome, for_each
from jobs.services.quotas.limits import check_quota, check_storage, use_audio_minutes
from jobs.services.site_models.available import licence_rule
from jobs.services.site_models.runnable import Runnable
from separation.errors import ModelUnavailable
from separation.request.runs import runs_of_pipeline


def retry_job(*, job: Job) -> Job:
    """Let the job wait again with all its attempts. Its finished stages stay finished.

    A job of a paused campaign waits until the campaign resumes. Minutes of audio that were given
    back count again.

    Raises ``JobConflict`` unless the job failed or was cancelled, ``SourceMissing`` when its
    song is gone, ``LicenceRefused`` where its model is not offered any more, ``QuotaExceeded``.
    """
    if not job.source.path.is_file():
        raise SourceMissing("The song of this job is no longer stored here. Upload it again.")
    for run in runs_of_pipeline(job.pipeline):
        licence_rule().check_choice(run.separator, run.model or None)
    with transaction.atomic():
        not_before = _held_until(job)
        lock_account(job.owner)
        check_quota(owner=job.owner)
        if job.campaign_id is None:
            check_storage(owner=job.owner, size_bytes=0)
        moved = Job.objects.filter(pk=job.pk, status__in=RETRYABLE).update(
            status=JobStatus.PENDING,
            attempt=0,
            queue_rank=QueueRank.IN_LINE,
            not_before=not_before,
            cancel_requested_at=None,
            error_code="",
            error_detail="",
            progress_percent=0.0,
            progress_stage="",
            progress_message="",
            eta_s=None,
            completed_at=None,
            audio_deleted_at=None,
            updated_at=timezone.now(),
        )
        if not moved:
            job.refresh_from_db()
            raise JobConflict(
                "Only a job that failed or was cancelled can be run again; "
                f"this one is {job.get_status_display().lower()}."
            )
        if job.campaign_id is None:
            use_audio_minutes(owner=job.owner, source=job.source, job=job)
        record_added_work(job.batch_id)
        job.stages.exclude(status=StageStatus.COMPLETED).update(
            status=StageStatus.PENDING,
            started_at=None,
            completed_at=None,
            duration_s=None,
            error_code="",
            error_detail="",
        )
        transaction.on_commit(lambda: put_ticket(job.lane), robust=True)
    job.refresh_from_db()
    return job


def retry_all(jobs: Iterable[Job]) -> BulkOutcome:
    """Of many at once those are left as they are that would fail again for want of a model."""
    available = Runnable()

    def retry(job: Job) -> None:
        if reason := available.why_not_again(job):
            raise ModelUnavailable(
                f"Its model cannot run here, as {reason}. Separate it again with another one."
            )
        retry_job(job=job)

    return for_each(jobs, retry)


def _held_until(job: Job) -> datetime | None:
    if job.campaign_id is None:
        return None
    # Locked, as somebody may be pausing or resuming the campaign.
    campaign = Campaign.objects.select_for_update().get(pk=job.campaign_id)
    return HELD_UNTIL if campaign.status == CampaignStatus.PAUSED else None
