import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from jobs.models import Campaign, Job
from jobs.models.job import JobStatus
from jobs.models.quota_rules import NO_LIMIT
from jobs.queue.claim import claim, claim_next, fair_order, runnable
from jobs.queue.lease import Lease
from jobs.worker.outcome import attempt_failed, give_back
from separation.errors import WorkerLost
from tests.factories import make_group, make_job, make_source, make_user, set_quota


def make_campaign() -> Campaign:
    return Campaign.objects.create(separator="spectral", request={}, key="k")


def next_job() -> Job | None:
    return claim_next(worker="test")


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


def names(*jobs: Job | None) -> list[str]:
    return [job.owner.username if job else "nobody" for job in jobs]


def test_fifty_songs_of_one_person_do_not_make_another_wait(owner: User, stranger: User) -> None:
    song = make_source(owner=owner)
    for minute in range(50):
        make_job(owner=owner, source=song, created_at=minutes_ago(100 - minute))
    first = next_job()
    assert first is not None
    Lease(first).end(status=JobStatus.COMPLETED)
    make_job(owner=stranger)
    assert names(next_job(), next_job()) == ["stranger", "owner"]


def test_who_has_waited_longest_since_a_start_is_next(owner: User, stranger: User) -> None:
    """Nobody runs anything, and the owner's song is the older one: it is not the owner's turn."""
    make_job(owner=stranger, status=JobStatus.COMPLETED, started_at=minutes_ago(20))
    make_job(owner=owner, status=JobStatus.COMPLETED, started_at=minutes_ago(10))
    make_job(owner=owner, created_at=minutes_ago(30))
    make_job(owner=stranger, created_at=minutes_ago(5))
    assert names(next_job(), next_job()) == ["stranger", "owner"]


def test_a_turn_counts_though_its_job_was_given_back_or_failed(owner: User, stranger: User) -> None:
    make_job(owner=stranger, status=JobStatus.COMPLETED, started_at=minutes_ago(20))
    make_job(owner=owner, created_at=minutes_ago(30), max_attempts=9)
    first = next_job()
    assert first is not None
    Lease(first).write(started_at=minutes_ago(10))
    attempt_failed(Lease(first), WorkerLost("It is gone."))
    Job.objects.filter(pk=first.pk).update(not_before=None)
    make_job(owner=stranger, created_at=minutes_ago(5))
    second = next_job()
    assert names(second) == ["stranger"]
    assert second is not None
    give_back(Lease(second))
    assert names(next_job()) == ["owner"]


def test_two_people_with_long_queues_take_turns(owner: User, stranger: User) -> None:
    for _ in range(3):
        make_job(owner=owner, created_at=minutes_ago(30))
    for _ in range(3):
        make_job(owner=stranger, created_at=minutes_ago(1))
    taken = []
    for _ in range(6):
        job = next_job()
        taken += names(job)
        assert job is not None
        Lease(job).end(status=JobStatus.COMPLETED)
    assert taken == ["owner", "stranger"] * 3


def test_a_campaign_takes_nothing_from_the_share_of_the_owner(owner: User, stranger: User) -> None:
    campaign = make_campaign()
    made_anew: dict[str, Any] = {"owner": owner, "lane": "backfill", "campaign": campaign}
    make_job(status=JobStatus.PROCESSING, **made_anew)
    make_job(status=JobStatus.COMPLETED, started_at=minutes_ago(0), **made_anew)
    make_job(owner=owner, created_at=minutes_ago(9))
    make_job(owner=stranger, created_at=minutes_ago(1))
    assert names(next_job()) == ["owner"]


def test_a_worker_takes_only_from_its_lanes_and_people_first(owner: User) -> None:
    backfill = make_job(lane="backfill", priority=9, created_at=minutes_ago(60))
    assert claim_next(worker="test", lanes=("interactive",)) is None
    interactive = make_job()
    assert claim_next(worker="test", lanes=("backfill",)) == backfill
    Job.objects.filter(pk=backfill.pk).update(status="pending", lease_token=None)
    taken = [claim_next(worker="test"), claim_next(worker="test")]
    assert taken == [interactive, backfill]


def test_a_back_off_that_a_wrong_clock_wrote_is_over(owner: User) -> None:
    make_job(not_before=timezone.now() + timedelta(days=365))
    assert next_job() is not None


def test_an_owner_at_the_cap_waits_while_others_run(
    owner: User, stranger: User, settings: Settings
) -> None:
    settings.MAX_RUNNING_JOBS = 1
    for _ in range(3):
        make_job(owner=owner, created_at=minutes_ago(30), priority=5)
    make_job(owner=stranger)
    assert names(next_job(), next_job(), next_job()) == ["owner", "stranger", "nobody"]
    assert runnable(("interactive",)).count() == 0
    running = Job.objects.get(owner=owner, status=JobStatus.PROCESSING)
    Lease(running).end(status=JobStatus.COMPLETED)
    assert runnable(("interactive",)).count() == 2
    assert names(next_job(), next_job()) == ["owner", "nobody"]


def test_the_cap_leaves_campaigns_alone(owner: User, settings: Settings) -> None:
    settings.MAX_RUNNING_JOBS = 1
    campaign = make_campaign()
    for _ in range(2):
        make_job(owner=owner, lane="backfill", campaign=campaign)
    make_job(owner=owner)
    assert names(next_job(), next_job(), next_job(), next_job()) == [*["owner"] * 3, "nobody"]


def test_a_row_of_the_account_or_its_group_decides_the_cap(
    owner: User, stranger: User, settings: Settings
) -> None:
    settings.MAX_RUNNING_JOBS = 1
    set_quota(owner, running_jobs=2)
    set_quota(make_group("choir", stranger), running_jobs=NO_LIMIT)
    for who in (owner, stranger, make_user("third")):
        for _ in range(4):
            make_job(owner=who)
    taken = Counter(names(*[next_job() for _ in range(12)]))
    assert taken == {"owner": 2, "stranger": 4, "third": 1, "nobody": 5}


def test_a_group_as_a_whole_starts_no_more_than_its_cap(owner: User, stranger: User) -> None:
    set_quota(make_group("class", owner, stranger), shared=True, running_jobs=2)
    for who in (owner, stranger, make_user("outside")):
        for _ in range(2):
            make_job(owner=who)
    taken = Counter(names(*[next_job() for _ in range(6)]))
    assert taken == {"owner": 1, "stranger": 1, "outside": 2, "nobody": 2}
    assert runnable(("interactive",)).count() == 0
    Lease(Job.objects.get(owner=owner, status=JobStatus.PROCESSING)).end(status=JobStatus.COMPLETED)
    assert runnable(("interactive",)).count() == 2
    assert names(next_job(), next_job()) == ["owner", "nobody"]


def test_a_full_group_holds_back_no_campaign(owner: User) -> None:
    set_quota(make_group("class", owner), shared=True, running_jobs=1)
    campaign = make_campaign()
    for _ in range(2):
        make_job(owner=owner)
    make_job(owner=owner, lane="backfill", campaign=campaign)
    jobs = [next_job() for _ in range(3)]
    assert [job and job.lane for job in jobs] == ["interactive", "backfill", None]


@pytest.mark.parametrize("shared", [False, True])
def test_a_cap_of_a_row_that_filled_up_after_the_look_still_holds(
    owner: User, stranger: User, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    set_quota(make_group("class", owner, stranger), shared=shared, running_jobs=1)
    make_job(owner=owner)
    turns = fair_order("interactive")
    make_job(owner=stranger if shared else owner, status=JobStatus.PROCESSING)
    monkeypatch.setattr("jobs.queue.claim.fair_order", lambda lane: turns)
    assert next_job() is None


def test_a_cap_that_filled_up_after_the_look_still_holds(
    owner: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker took a job of this owner between our look at the queue and our claim."""
    settings.MAX_RUNNING_JOBS = 1
    make_job(owner=owner)
    turns = fair_order("interactive")
    make_job(owner=owner, status=JobStatus.PROCESSING)
    monkeypatch.setattr("jobs.queue.claim.fair_order", lambda lane: turns)
    assert next_job() is None


def test_the_order_of_thousands_costs_as_many_queries_as_that_of_one(
    owner: User, stranger: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    song = make_source()
    for name in ("a", "b", "c"):
        make_job(owner=make_user(name), source=song)
    for _ in range(20):
        make_job(owner=owner, source=song)
    with django_assert_num_queries(4):  # running, groups, running, last starts
        assert len(fair_order("interactive")) == 4


def test_the_name_of_a_worker_is_cut_to_what_its_column_holds(owner: User) -> None:
    make_job()
    job = claim_next(worker="w" * 300)
    assert job is not None and job.worker == "w" * 128
