"""Jobs whose worker is known to be dead: they wait for no lease."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue.worker_table import Activity, Member
from jobs.worker import outcome
from jobs.worker.reaper import Housekeeping, reap, take_back
from tests.factories import make_job

GONE = 4_194_305
"""No process of Linux has a number that high."""


def killed(token: uuid.UUID | None) -> Member:
    return Member(GONE, Activity.WORKING, 0.0, token)


def running(**overrides: Any) -> Job:
    return make_job(status=JobStatus.PROCESSING, attempt=1, **overrides)


def test_the_job_of_a_worker_that_was_killed_waits_again_and_is_charged(owner: User) -> None:
    job = running()
    housekeeping = Housekeeping()
    housekeeping.lost(killed(job.lease_token))
    housekeeping.end()
    job.refresh_from_db()
    assert (job.status, job.attempt, job.lease_token) == ("pending", 1, None)
    assert job.not_before is not None


def test_the_last_attempt_that_takes_its_worker_along_ends_the_job(owner: User) -> None:
    job = running(max_attempts=1)
    assert job.lease_token is not None
    assert take_back(job.lease_token)
    job.refresh_from_db()
    assert (job.status, job.error_code) == ("failed", "worker_lost")


def test_a_job_that_has_another_holder_by_now_is_left_alone(owner: User) -> None:
    job = running()
    assert not take_back(uuid.uuid4())
    assert not take_back(uuid.uuid4())
    job.refresh_from_db()
    assert job.status == "processing"


def test_a_worker_that_died_without_a_job_is_no_loss(owner: User) -> None:
    job = running()
    housekeeping = Housekeeping()
    housekeeping.lost(killed(None))
    housekeeping.end()
    job.refresh_from_db()
    assert job.status == "processing"


@pytest.mark.django_db(transaction=True)
def test_what_a_database_that_was_away_did_not_take_is_told_again(owner: User) -> None:
    job = running()
    housekeeping = Housekeeping()
    housekeeping.lost(killed(job.lease_token))

    def away(*_: Any) -> Any:
        raise OperationalError("the database is away")

    with connection.execute_wrapper(away):
        housekeeping.end()
    housekeeping.end()
    job.refresh_from_db()
    assert job.status == "pending"


def test_a_job_that_cannot_be_taken_back_does_not_hold_up_the_others(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = running(), running()
    Job.objects.update(lease_until="2001-01-01T00:00:00Z")
    usual = outcome.attempt_failed

    def fails_for_one(lease: Any, *args: Any, **kwargs: Any) -> None:
        if lease.job_id == broken.pk:
            raise OSError("its folder cannot be read")
        usual(lease, *args, **kwargs)

    monkeypatch.setattr(outcome, "attempt_failed", fails_for_one)
    with pytest.raises(ExceptionGroup, match="could not be taken back"):
        reap()
    sound.refresh_from_db()
    broken.refresh_from_db()
    assert (sound.status, broken.status) == ("pending", "processing")
