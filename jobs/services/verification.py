"""Verifies jobs: every delivered file and the manifest against their digests.

A request only writes a row, as reading the files may take minutes. A worker starts the process that
answers it (:mod:`jobs.worker.chores`), and so does ``manage.py verify``.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from jobs.errors import JobConflict
from jobs.models import Job, Verification
from jobs.models.job import JobQuerySet, JobStatus
from jobs.services.storage.integrity import check_files, manifest_problem


def verifiable() -> JobQuerySet:
    """The jobs that have files to verify."""
    return Job.objects.filter(status=JobStatus.COMPLETED, audio_deleted_at=None)


def request_verification(*, job: Job) -> Verification:
    """Have a worker verify the job. A request that still waits is not repeated.

    Raises ``JobConflict`` where the job has no files.
    """
    if not verifiable().filter(pk=job.pk).exists():
        raise JobConflict(
            "The job has no files to verify: it is not completed, or its audio was deleted."
        )
    with transaction.atomic():
        row, created = Verification.objects.select_for_update().get_or_create(
            job=job, defaults={"requested_at": timezone.now()}
        )
        if not created and not row.is_waiting:
            row.requested_at = timezone.now()
            row.save(update_fields=["requested_at"])
    return row


def verification_of(job: Job) -> Verification | None:
    return Verification.objects.filter(job=job).first()


def is_any_waiting() -> bool:
    return Verification.objects.waiting().exists()


def verify_waiting() -> list[Verification]:
    """Answer every request that waits; several processes share them."""
    done = []
    for pk in Verification.objects.waiting().order_by("requested_at").values_list("pk", flat=True):
        if not Verification.objects.waiting().filter(pk=pk).update(started_at=timezone.now()):
            continue  # Another process has begun with it.
        row = Verification.objects.select_related("job").filter(pk=pk).first()
        if row is not None and (result := verify_job(job=row.job)) is not None:
            done.append(result)
    return done


def verify_job(*, job: Job) -> Verification | None:
    """Verify the job now, which reads all its files, and record the result. It mends nothing.

    Returns None where the job or its audio was deleted meanwhile; then nothing is recorded.
    """
    started_at = timezone.now()
    problems = [problem] if (problem := manifest_problem(job)) else []
    checked = check_files(job)
    problems += [f"{path} {fault}." for path, fault in checked.damaged.items()]
    # The manifest counts as a file.
    return _record(job, started_at, checked.files + 1, problems)


def _record(job: Job, started_at: datetime, files: int, problems: list[str]) -> Verification | None:
    with transaction.atomic():
        if not verifiable().select_for_update().filter(pk=job.pk).exists():
            Verification.objects.filter(job_id=job.pk).delete()
            return None
        row, _ = Verification.objects.select_for_update().get_or_create(
            job=job, defaults={"requested_at": started_at}
        )
        row.started_at, row.checked_at = started_at, timezone.now()
        row.files, row.problems = files, problems
        row.save(update_fields=["started_at", "checked_at", "files", "problems"])
    return row
