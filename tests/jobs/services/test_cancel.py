import pytest
from django.contrib.auth.models import User

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.services.cancel import cancel_job
from jobs.services.errors import JobConflict
from tests.factories import make_job


def test_a_waiting_job_is_cancelled_at_once(owner: User) -> None:
    job = cancel_job(job=make_job())
    assert job.status == JobStatus.CANCELLED
    assert job.completed_at is not None


def test_a_running_job_is_asked_to_stop_and_keeps_its_lease(owner: User) -> None:
    before = make_job(status=JobStatus.PROCESSING)
    job = cancel_job(job=before)
    assert job.status == JobStatus.PROCESSING
    assert job.cancel_requested
    assert Job.objects.held(before.lease_token).exists()


def test_asking_twice_keeps_the_first_wish(owner: User) -> None:
    job = cancel_job(job=make_job(status=JobStatus.PROCESSING))
    first = job.cancel_requested_at
    assert cancel_job(job=job).cancel_requested_at == first


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED])
def test_a_job_that_has_ended_cannot_be_cancelled(owner: User, status: JobStatus) -> None:
    job = make_job(status=status)
    with pytest.raises(JobConflict, match=status.value):
        cancel_job(job=job)
    job.refresh_from_db()
    assert job.status == status


def test_a_stale_row_in_memory_does_not_decide(owner: User) -> None:
    stale = make_job()
    Job.objects.filter(pk=stale.pk).update(status=JobStatus.COMPLETED)
    with pytest.raises(JobConflict):
        cancel_job(job=stale)
    assert Job.objects.get().status == JobStatus.COMPLETED
