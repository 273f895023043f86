"""Versions that campaigns offer to the owners of songs: accepted, dismissed, or withdrawn."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from jobs.errors import JobConflict
from jobs.models import Campaign, Job, SetListSong
from jobs.models.job import ENDED, JobStatus
from jobs.services.housekeeping.expire import remove_song_unless_used
from jobs.services.job.cancel import cancel_job
from jobs.services.job.delete import delete_job
from jobs.services.storage.files import remove_audio


def accept_version(*, job: Job) -> Job:
    """Show the version in its owner's library instead of the job that it replaces, which stays.
    It takes that job's places in set lists.

    Safe to repeat. Raises ``JobConflict`` where there is nothing to accept.
    """
    now = timezone.now()
    with transaction.atomic():
        # Locked, as on PostgreSQL two offers for one job, accepted at once, could deadlock.
        old = Job.objects.select_for_update().filter(pk=job.replaces_id or job.pk).first()
        place = {"batch_id": old.batch_id if old else None}
        ready = Job.objects.ready().filter(pk=job.pk)
        taken = ready.update(accepted_at=now, updated_at=now, **place)
        if taken and job.replaces_id:
            # Other offers for the old job become offers for this one.
            others = Job.objects.offered().filter(replaces_id=job.replaces_id)
            others.exclude(pk=job.pk).update(replaces_id=job.pk, updated_at=now)
            SetListSong.objects.filter(job=job.replaces_id).update(job=job.pk)
    job.refresh_from_db()
    if job.accepted_at is None:
        raise JobConflict(_why_not(job, "accepted"))
    return job


def dismiss_version(*, job: Job) -> Job:
    """Delete the audio of the version. Its manifest stays, as with every job.

    Safe to repeat. Raises ``JobConflict`` where there is nothing to dismiss.
    """
    _drop_audio(job, status__in=(JobStatus.COMPLETED,))
    job.refresh_from_db()
    if not job.is_offered or job.audio_deleted_at is None:
        raise JobConflict(_why_not(job, "dismissed"))
    return job


def _drop_audio(version: Job, **condition: object) -> None:
    now = timezone.now()
    present = Job.objects.offered().filter(pk=version.pk, audio_deleted_at=None, **condition)
    with transaction.atomic():
        if present.update(audio_deleted_at=now, updated_at=now):
            transaction.on_commit(lambda: _remove_files(version))


def _remove_files(version: Job) -> None:
    remove_audio(version.directory)
    remove_song_unless_used(version.source)


def _why_not(job: Job, done: str) -> str:
    if job.accepted_at is not None:
        return f"This version was accepted already, so it cannot be {done}."
    if not job.is_offered:
        return f"Only a newer version that is offered for a job can be {done}; this is none."
    if job.audio_deleted_at is not None:
        return f"This version cannot be {done}: its audio is deleted."
    return f"This version cannot be {done}: it is {job.get_status_display().lower()}."


def accept_all(*, campaign: Campaign) -> int:
    """Accept every version of a campaign that is ready; returns how many."""
    accepted = 0
    for job in Job.objects.ready().filter(campaign=campaign).iterator():
        try:
            accept_version(job=job)
        except (JobConflict, Job.DoesNotExist):
            continue  # its owner was faster
        accepted += 1
    return accepted


def withdraw_stale_versions() -> int:
    """Withdraw offered versions of jobs that were deleted or whose audio has expired; returns how
    many such versions there are."""
    old_audio_is_gone = Q(replaces__audio_deleted_at__isnull=False, audio_deleted_at__isnull=True)
    stray = Job.objects.offered().filter(Q(replaces__isnull=True) | old_audio_is_gone)
    found = list(stray.select_related("source"))
    for version in found:
        _withdraw(version)
    return len(found)


def _withdraw(version: Job) -> None:
    """Delete the version. A version that runs is cancelled, and deleted at a later call."""
    try:
        if version.is_active:
            cancel_job(job=version)
        elif version.replaces_id is None:
            delete_job(job=version)
        else:
            _drop_audio(version, status__in=ENDED)
    except (JobConflict, Job.DoesNotExist):
        return  # its state changed meanwhile: the next call decides
