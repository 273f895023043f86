import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from jobs.errors import JobConflict
from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.services.job.cancel import cancel_job
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
    assert before.lease_token is not None
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


@contextmanager
def after_each_update(*moves: Callable[[], object]) -> Iterator[None]:
    """What a worker does between the statements of the cancel: one move after each update."""
    left = list(moves)

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = run(sql, params, many, context)
        if sql.startswith("UPDATE") and left:
            move, waiting = left[0], left[1:]
            # The move's own update is none of the cancel's.
            left.clear()
            move()
            left.extend(waiting)
        return result

    with connection.execute_wrapper(execute):
        yield


def given_back() -> None:
    Job.objects.update(status=JobStatus.PENDING, lease_token=None, lease_until=None)


def claimed() -> None:
    Job.objects.update(status=JobStatus.PROCESSING, lease_token=uuid.uuid4())


def test_a_job_that_is_given_back_between_two_looks_is_cancelled(owner: User) -> None:
    job = make_job(status=JobStatus.PROCESSING)
    with after_each_update(given_back):
        assert cancel_job(job=job).status == JobStatus.CANCELLED


def test_a_job_that_is_given_back_and_claimed_again_hears_of_it(owner: User) -> None:
    job = make_job(status=JobStatus.PROCESSING)
    with after_each_update(given_back, lambda: None, claimed):
        told = cancel_job(job=job)
    assert told.status == JobStatus.PROCESSING and told.cancel_requested


def test_a_job_that_is_claimed_at_this_moment_hears_of_it(owner: User) -> None:
    stale = make_job()
    claimed()
    assert cancel_job(job=stale).cancel_requested


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED])
def test_a_wish_that_came_too_late_is_told_so(owner: User, status: JobStatus) -> None:
    job = make_job(status=status, cancel_requested_at=timezone.now())
    with pytest.raises(JobConflict, match=status.value):
        cancel_job(job=job)


def test_a_job_that_slips_away_in_both_rounds_is_no_success(owner: User) -> None:
    job = make_job(status=JobStatus.PROCESSING)
    with after_each_update(given_back, claimed, given_back), pytest.raises(JobConflict):
        cancel_job(job=job)
    assert Job.objects.get().cancel_requested_at is None
