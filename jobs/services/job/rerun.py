"""Runs a completed job again exactly, as a job of its own whose manifest compares the two."""

from django.db import transaction

from jobs.models import Job
from jobs.models.account_lock import lock_account
from jobs.services.job.create import Repetition, create_job
from jobs.services.job.request_validation import changed_request


def rerun_job(*, job: Job) -> Job:
    """Create the repetition of ``job``. Returns the existing one where it still waits or runs. A
    new job counts as an upload would.

    Raises ``NotRepeatable`` where the manifest does not tell what to repeat, and as ``create_job``
    does. Other weights are found when it runs: the job then fails with ``not_repeatable``.
    """
    # Imported here, as stages import NumPy and SciPy, which most pages do not need.
    from separation.pipeline.manifest import load_manifest
    from separation.pipeline.repetition import pipeline_of, require_completed

    require_completed(job.status)
    pipeline = pipeline_of(load_manifest(job.manifest))
    with transaction.atomic():
        lock_account(job.owner)
        waiting = Job.objects.active().filter(repeats=job).order_by("created_at").first()
        return waiting or create_job(
            owner=job.owner,
            source=job.source,
            request=changed_request(job.request, {}),
            repetition=Repetition(job, pipeline),
        )
