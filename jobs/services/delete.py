"""Remove a job, its files and, when nobody else needs it, its song."""

from django.db import transaction

from jobs.models import Job
from jobs.models.job import ENDED
from jobs.services.create import discard_source_if_unused
from jobs.services.errors import JobConflict
from jobs.services.files import remove_folder


def delete_job(*, job: Job) -> None:
    """Raises ``JobConflict`` while the job waits or runs. Files go after the rows are gone."""
    source, directory = job.source, job.directory
    with transaction.atomic():
        deleted, _ = Job.objects.filter(pk=job.pk, status__in=ENDED).delete()
        if not deleted:
            raise JobConflict("The job is still waiting or running: cancel it first.")
        transaction.on_commit(lambda: remove_folder(directory))
        discard_source_if_unused(source=source)
