"""Remove a job, its files and, when nobody else needs it, its song."""

from functools import partial

from django.db import OperationalError, transaction
from django.utils import timezone

from jobs.errors import JobConflict
from jobs.models import Job
from jobs.models.job import ENDED, JobStatus
from jobs.services.batch_membership import drop_if_empty
from jobs.services.job.create import discard_source_if_unused
from jobs.services.job.favourites_and_tags import drop_unused_tags
from jobs.services.storage.files import remove_audio, remove_folder
from jobs.services.storage.room import is_disk_full, make_room


def delete_job(*, job: Job) -> None:
    """Raises ``JobConflict`` while the job waits or runs. Files go after the rows are gone.

    Versions that a campaign offers in its place go with it; one that runs is told to stop, and
    the housekeeping removes it then. A version that took its place now has that of its predecessor.
    """
    try:
        _delete(job)
    except OperationalError as error:
        if not is_disk_full(error) or not _make_room(job):
            raise
        _delete(job)


def _make_room(job: Job) -> bool:
    """The database has no room to note the deletion: then its files, which are to go anyway, make
    it, unless it is waiting or running."""
    if not Job.objects.filter(pk=job.pk, status__in=ENDED).exists():
        return False
    remove_audio(job.directory)
    make_room()
    return True


def _delete(job: Job) -> None:
    source = job.source
    with transaction.atomic():
        offers = Job.objects.offered().filter(replaces=job.pk)
        # Locked before they are sought: a campaign may be making one this very moment.
        if not Job.objects.select_for_update().filter(pk=job.pk, status__in=ENDED).exists():
            raise JobConflict("The job is still waiting or running: cancel it first.")
        running = offers.filter(status=JobStatus.PROCESSING, cancel_requested_at=None)
        running.update(cancel_requested_at=timezone.now())
        # Otherwise the song's oldest version would come back beside its newest.
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
