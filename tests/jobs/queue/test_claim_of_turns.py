"""Who is claimed while a long job has given way to shorter songs."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Job, Worker
from jobs.models.job import JobStatus, QueueRank
from jobs.queue.claim import claim_next
from jobs.queue.lease import Lease
from jobs.services.job.cancel import cancel_job
from jobs.services.job.retry import retry_job
from jobs.worker import outcome
from separation.errors import WorkerLost
from tests.factories import make_job, make_source, make_user, set_quota

HERE, THERE = "h:1", "h:2"


def add_worker(name: str, **fields: Any) -> Worker:
    row = {"host": "h", "pid": 1, "cluster": "stemsite", "seen_at": timezone.now()}
    return Worker.objects.create(name=name, **{**row, **fields})


def gave_way(**fields: Any) -> Job:
    """A long job of the owner that waits while others have a turn."""
    usual = {"worker": HERE, "preempted_at": timezone.now(), "ran_s": 130.0, "attempt": 0}
    return make_job(
        queue_rank=QueueRank.GAVE_WAY,
        started_at=timezone.now() - timedelta(minutes=2),
        **{**usual, **fields},
    )


def with_turn(who: User, **fields: Any) -> Job:
    return make_job(owner=who, queue_rank=QueueRank.HAS_TURN, **fields)


def taken(worker: str = HERE, **more: Any) -> Job | None:
    job = claim_next(worker=worker, **more)
    if job is not None:
        Job.objects.filter(pk=job.pk).update(status=JobStatus.COMPLETED, lease_token=None)
    return job


def test_songs_that_have_a_turn_go_first_and_then_the_job_that_gave_way(
    owner: User, stranger: User
) -> None:
    add_worker(HERE)
    before_all = make_job(owner=stranger, priority=9, created_at=timezone.now())
    long, short = gave_way(), with_turn(stranger)
    order = [job and job.pk for job in (taken(), taken(), taken(), taken())]
    assert order == [short.pk, long.pk, before_all.pk, None]


def test_a_job_of_a_campaign_goes_on_before_people_who_wait_for_longer_songs(
    owner: User, stranger: User
) -> None:
    waiting, long = make_job(owner=stranger), gave_way(lane="backfill")
    order = [taken(lanes=("interactive", "backfill")) for _ in range(2)]
    assert [job and job.pk for job in order] == [long.pk, waiting.pk]


def test_a_worker_of_another_lane_does_not_go_on_with_it(owner: User) -> None:
    gave_way(lane="backfill")
    assert taken(lanes=("interactive",)) is None


def test_what_goes_on_is_the_same_attempt_and_remembers_how_long_it_ran(owner: User) -> None:
    gave_way()
    job = claim_next(worker=HERE)
    assert job is not None
    assert (job.attempt, job.ran_s, job.progress_message) == (1, 130.0, "Going on")
    assert job.preempted_at is not None and job.queue_rank == QueueRank.IN_LINE
    # Not so after a fault.
    outcome.attempt_failed(Lease(job), WorkerLost("gone"))
    Job.objects.update(not_before=None)
    job = claim_next(worker=HERE)
    assert job is not None
    assert (job.attempt, job.ran_s, job.preempted_at) == (2, 0.0, None)
    assert job.progress_message == "Starting"


def test_its_own_worker_goes_on_with_it_as_long_as_that_is_there(owner: User) -> None:
    add_worker(HERE)
    add_worker(THERE)
    job = gave_way()
    assert taken(THERE) is None
    Worker.objects.filter(name=HERE).update(seen_at=timezone.now() - timedelta(seconds=16))
    assert taken(THERE) == job


def test_another_worker_goes_on_where_its_own_is_held_up(owner: User, settings: Settings) -> None:
    settings.TURN_SHORT_S, settings.LEASE_S = 60.0, 90
    add_worker(HERE)
    add_worker(THERE)
    job = gave_way(preempted_at=timezone.now() - timedelta(seconds=209))
    assert taken(THERE) is None
    Job.objects.update(preempted_at=timezone.now() - timedelta(seconds=211))
    assert taken(THERE) == job


def test_a_turn_passes_over_whose_owner_has_as_many_running_as_they_may(
    owner: User, stranger: User
) -> None:
    set_quota(stranger, running_jobs=1)
    make_job(owner=stranger, status=JobStatus.PROCESSING)
    with_turn(stranger)
    long, third = gave_way(), with_turn(make_user("third"))
    assert [taken(), taken(), taken()] == [third, long, None]


@pytest.mark.parametrize("rank", [QueueRank.GAVE_WAY, QueueRank.HAS_TURN])
def test_a_job_that_is_cancelled_then_and_run_again_waits_like_any_other(
    owner: User, stranger: User, rank: QueueRank
) -> None:
    song = make_source(owner=owner)
    job = gave_way(source=song) if rank == QueueRank.GAVE_WAY else with_turn(owner, source=song)
    cancel_job(job=job)
    job.refresh_from_db()
    assert (job.status, job.queue_rank, job.worker) == ("cancelled", QueueRank.IN_LINE, "")
    retry_job(job=job)
    other = make_job(owner=stranger, created_at=timezone.now() - timedelta(minutes=9), priority=1)
    assert [taken(), taken()] == [other, job]
