"""Deletes expired data: audio by retention, unfinished work and uploads by age."""

import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from jobs.errors import UploadBusy, UploadGone
from jobs.models import Job, Source, Upload
from jobs.models.job import ENDED, JobStatus
from jobs.models.upload import incoming_dir
from jobs.services.batches.actions import expire_empty_batches
from jobs.services.job.create import discard_source_if_unused
from jobs.services.listening.index import FOLDER as LISTENED
from jobs.services.quotas.reservation import expire_reservations
from jobs.services.sharing import forget_ended_links
from jobs.services.storage.files import remove_audio, remove_file, remove_folder
from jobs.services.uploads.session import expire_upload

WORK = "work"
UPLOAD_STALE_S = 24 * 3600
"""An older upload cannot be active, as its connection has ended long ago."""


def expire_everything() -> None:
    """Delete everything that has expired. Safe to run at any time and by several hosts at once."""
    expire_audio()
    expire_work()
    expire_uploads()
    expire_reservations()
    expire_unused_sources()
    expire_batches()
    forget_ended_links()


def expire_audio() -> int:
    """Delete the audio of jobs that ended more than RETENTION_DAYS ago; returns how many jobs. The
    rows and the manifests stay for ever."""
    if not settings.RETENTION_DAYS:
        return 0
    now = timezone.now()
    before = now - timedelta(days=settings.RETENTION_DAYS)
    old = Job.objects.filter(status__in=ENDED, completed_at__lt=before, audio_deleted_at=None)
    expired = 0
    for job in old.select_related("source").iterator():
        # Filtered again, as the owner may have retried the job meanwhile.
        still_old = Job.objects.filter(pk=job.pk, status__in=ENDED, completed_at__lt=before)
        if still_old.update(audio_deleted_at=now, updated_at=now):
            remove_audio(job.directory)
            remove_song_unless_used(job.source)
            expired += 1
    return expired


def remove_song_unless_used(source: Source) -> None:
    """Delete the song's file if no job with audio uses it. The row stays, as jobs show its name."""
    if not Job.objects.filter(source=source, audio_deleted_at=None).exists():
        remove_file(source.path)


def expire_work() -> int:
    """Delete the intermediates and previews of jobs that failed or were cancelled too long ago to
    resume; returns how many jobs."""
    before = timezone.now() - timedelta(hours=settings.WORK_RETENTION_HOURS)
    stale = Job.objects.filter(
        status__in=(JobStatus.FAILED, JobStatus.CANCELLED), completed_at__lt=before
    )
    return sum(_expire_work(job) for job in stale.only("id").iterator())


def _expire_work(job: Job) -> bool:
    present = [job.directory / name for name in (WORK, LISTENED) if (job.directory / name).is_dir()]
    for folder in present:
        remove_folder(folder)
    return bool(present)


def expire_uploads() -> int:
    """Delete expired uploads, and old files of uploads that have no row; returns how many."""
    expired = sum(_expire(upload) for upload in Upload.objects.expired().iterator())
    if not incoming_dir().is_dir():
        return expired
    known = {pk.hex for pk in Upload.objects.values_list("pk", flat=True)}
    stale = [
        part
        for part in incoming_dir().iterdir()
        if part.stem not in known and _age_s(part) > UPLOAD_STALE_S
    ]
    for part in stale:
        remove_file(part)
    return expired + len(stale)


def _expire(upload: Upload) -> bool:
    try:
        return expire_upload(upload)
    except (UploadBusy, UploadGone):
        return False


def _age_s(part: Path) -> float:
    try:
        return time.time() - part.stat().st_mtime
    except FileNotFoundError:
        return 0.0  # the upload has just ended


def expire_unused_sources() -> int:
    """Delete old songs without a job, for example after a refused request; returns how many."""
    before = timezone.now() - timedelta(seconds=UPLOAD_STALE_S)
    unused = Source.objects.filter(jobs=None, created_at__lt=before)
    return sum(discard_source_if_unused(source=source) for source in unused.iterator())


def expire_batches() -> int:
    """Delete old batches that got no song, for example because all songs of a form were refused;
    returns how many."""
    return expire_empty_batches(before=timezone.now() - timedelta(seconds=UPLOAD_STALE_S))
