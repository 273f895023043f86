import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue.claim import claim, claim_next
from tests.factories import make_job


def next_job() -> Job | None:
    return claim_next(lane="interactive", worker="test")


def test_a_claim_takes_the_job_and_counts_the_attempt(owner: User) -> None:
    waiting = make_job()
    job = next_job()
    assert job is not None and job.pk == waiting.pk
    assert (job.status, job.attempt, job.worker) == (JobStatus.PROCESSING, 1, "test")
    assert job.lease_token is not None and job.started_at is not None
    assert job.lease_until is not None and job.lease_until > timezone.now()
    assert next_job() is None


def test_of_two_claims_of_one_job_exactly_one_wins(owner: User) -> None:
    job = make_job()
    first, second = uuid.uuid4(), uuid.uuid4()
    won = [claim(pk=job.pk, token=token, worker="test") for token in (first, second)]
    assert won == [True, False]
    job.refresh_from_db()
    assert (job.lease_token, job.attempt) == (first, 1)


@pytest.mark.parametrize("status", [s for s in JobStatus if s != JobStatus.PENDING])
def test_only_waiting_jobs_are_claimed(owner: User, status: JobStatus) -> None:
    make_job(status=status)
    assert next_job() is None


def test_a_job_in_its_back_off_is_left_alone(owner: User) -> None:
    job = make_job(not_before=timezone.now() + timedelta(seconds=60))
    assert next_job() is None
    Job.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    claimed = next_job()
    assert claimed is not None and claimed.pk == job.pk and claimed.not_before is None


def minutes_ago(minutes: int) -> object:
    return timezone.now() - timedelta(minutes=minutes)


def test_the_order_is_lane_then_priority_then_share_then_age(owner: User, stranger: User) -> None:
    make_job(owner=owner, status=JobStatus.PROCESSING)
    expected = [
        make_job(owner=owner, priority=5, created_at=minutes_ago(1)),
        make_job(owner=stranger, created_at=minutes_ago(1)),
        make_job(owner=owner, created_at=minutes_ago(9)),
        make_job(owner=owner, lane="backfill", priority=9, created_at=minutes_ago(60)),
    ]
    claimed = [next_job() for _ in expected]
    assert [job and job.pk for job in claimed] == [job.pk for job in expected]


def test_who_floods_the_queue_does_not_starve_others(owner: User, stranger: User) -> None:
    for _ in range(4):
        make_job(owner=owner, created_at=minutes_ago(30))
    make_job(owner=stranger, created_at=minutes_ago(1))
    owners = [job.owner for job in (next_job(), next_job()) if job]
    assert owners == [owner, stranger]


def test_a_ticket_for_recomputation_still_serves_people_first(owner: User) -> None:
    make_job(lane="backfill", created_at=minutes_ago(60))
    interactive = make_job()
    job = claim_next(lane="backfill", worker="test")
    assert job is not None and job.pk == interactive.pk
