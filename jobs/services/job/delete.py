"""Deletes a job, its files and, when no other job uses it, its song."""

from functools import partial

from django.db import OperationalError, transaction
from django.utils import timezone

from jobs.errors import JobConflict
from jobs.models import Job
from jobs.models.job import ENDED, JobStatus
from jobs.services.batch_membership import drop_if_empty
from jobs.services.job.create import discard_source_if_unused
from jobs.services.job.favourites_and_tags import drop_unused_tags
from jobs.services.storage.disk_space import is_disk_full, make_room
from jobs.services.storage.files import remove_audio, remove_folder


def delete_job(*, job: Job) -> None:
    """Delete the job, and its files after the commit.

    Versions that a campaign offers for the job are deleted with it. A version that runs is
    cancelled, and the housekeeping deletes it later. An accepted version of the job now replaces
    the job that the deleted one replaced.

    Raises ``JobConflict`` while the job waits or runs.
    """
    try:
        _delete(job)
    except OperationalError as error:
        if not is_disk_full(error) or not _make_room(job):
            raise
        _delete(job)


def _make_room(job: Job) -> bool:
    """Free room on a full disk by deleting the files of an ended job first, so that the database
    can write the deletion. Returns False for a job that waits or runs."""
    if not Job.objects.filter(pk=job.pk, status__in=ENDED).exists():
        return False
    remove_audio(job.directory)
    make_room()
    return True


def _delete(job: Job) -> None:
    source = job.source
    with transaction.atomic():
        offers = Job.objects.offered().filter(replaces=job.pk)
        # Locked before the query for offers, as a campaign may be creating one.
        if not Job.objects.select_for_update().filter(pk=job.pk, status__in=ENDED).exists():
            raise JobConflict("The job is still waiting or running: cancel it first.")
        running = offers.filter(status=JobStatus.PROCESSING, cancel_requested_at=None)
        running.update(cancel_requested_at=timezone.now())
        # Otherwise the song's oldest version would appear again beside its newest.
        newer = Job.objects.filter(replaces=job.pk, accepted_at__isnull=False)
        newer.update(replaces=job.replaces_id, updated_at=timezone.now())
        waiting = offers.exclude(status=JobStatus.PROCESSING)
        for each in (job, *waiting.select_for_update()):
            _delete_one(each)
        drop_if_empty(job.batch_id)
        discard_source_if_unused(source=source)
        transaction.on_commit(partial(drop_unused_tags, owner=job.owner), robust=True)


def _delete_one(job: Job) -> None:
    directory = job.directory
    Job.objects.filter(pk=job.pk).delete()
    transaction.on_commit(lambda: remove_folder(directory))
