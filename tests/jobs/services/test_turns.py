"""Which waiting songs a job that runs gives way to, as the rows stand."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Campaign, Job, Speed, Worker
from jobs.models.job import JobStatus, QueueRank
from jobs.services.timing.turns import songs_before
from separation.request.separation_request import SeparationRequest
from tests.factories import make_job, make_source, make_user, set_quota

RATES = {"prepare": 0.2, "separation": 1.0, "listening": 0.0, "quality": 0.0, "export": 0.0}
"""A song takes 1.2 s a second and 2 s around."""


@pytest.fixture(autouse=True)
def site(db: None, settings: Settings) -> None:
    """One worker that is busy, and what was learned on its host."""
    settings.TURN_SHORT_S, settings.TURN_MIN_S = 60.0, 120.0
    for work, rate in RATES.items():
        named = {"separator": "spectral", "model_name": "spectral"} if work == "separation" else {}
        Speed.objects.create(host="h", device="cpu", work=work, seconds_per_second=rate, **named)


def song(who: str, seconds: float, **fields: Any) -> Job:
    owner = make_user(who, password=None)
    return make_job(
        owner=owner,
        source=make_source(owner=owner, duration_s=seconds, content=b""),
        request=SeparationRequest(separator="spectral", stages=("separation",)),
        **fields,
    )


def add_worker(name: str, job: Job | None, **fields: Any) -> Worker:
    row = {"host": "h", "pid": 1, "cluster": "stemsite", "seen_at": timezone.now(), "job": job}
    return Worker.objects.create(name=name, **{**row, **fields})


def running(who: str = "owner", seconds: float = 3_000.0, name: str = "h:1", **fields: Any) -> Job:
    """An hour of work, of which 200 s are done."""
    started_at = timezone.now() - timedelta(seconds=200)
    usual = {"status": JobStatus.PROCESSING, "started_at": started_at, "worker": name}
    job = song(who, seconds, **{**usual, **fields})
    add_worker(name, job)
    return job


def before(job: Job, ran_s: float = 200.0) -> list[Job]:
    jobs = {each.pk: each for each in Job.objects.all()}
    return [jobs[pk] for pk in songs_before(job, ran_s=ran_s)]


def test_other_peoples_short_songs_go_first_in_the_order_of_workers() -> None:
    long = running()
    first, second = song("b", 10.0), song("b", 10.0)
    third = song("c", 10.0, priority=1)
    song("d", 100.0)
    assert before(long) == [third, first, second]


def test_nobody_waits_and_the_job_goes_on() -> None:
    assert before(running()) == []


def test_ones_own_short_song_waits_for_ones_own_long_one() -> None:
    long = running()
    song("owner", 10.0)
    assert before(long) == []


def test_a_campaign_gives_way_to_people_who_wait() -> None:
    campaign = Campaign.objects.create(separator="spectral", request={}, key="k")
    long = running(lane="backfill", campaign=campaign)
    mine = song("owner", 10.0)
    song("other", 10.0, lane="backfill", campaign=campaign)
    assert before(long) == [mine, *Job.objects.filter(owner__username="other")]


def test_a_long_song_that_people_wait_for_gives_way_to_no_campaign() -> None:
    long = running()
    song("b", 10.0, lane="backfill")
    assert before(long) == []


def test_zero_turns_it_off(settings: Settings) -> None:
    long = running()
    song("b", 10.0)
    settings.TURN_SHORT_S = 0.0
    assert before(long) == []


def test_between_two_turns_the_job_runs_for_a_while() -> None:
    long = running()
    song("b", 10.0)
    assert before(long, ran_s=119.0) == []
    assert len(before(long, ran_s=121.0)) == 1
    went_on_at = timezone.now() - timedelta(seconds=200)
    Job.objects.filter(pk=long.pk).update(preempted_at=went_on_at - timedelta(seconds=101))
    assert before(long) == [], "the last turn took 101 s: it runs for 202 s"


def test_a_job_whose_end_nobody_knows_is_left_alone() -> None:
    long = running()
    song("b", 1.0)
    Speed.objects.all().delete()
    assert before(long) == []
    Job.objects.filter(pk=long.pk).update(eta_s=900.0)
    assert len(before(long)) == 1, "its runner sees the end"


@pytest.mark.parametrize("why", ["its separator", "the site"])
def test_a_job_that_keeps_no_checkpoints_is_left_alone(settings: Settings, why: str) -> None:
    long = running(eta_s=3_000.0)
    song("b", 10.0)
    if why == "the site":
        settings.CHECKPOINT_S = 0.0
    else:
        Job.objects.filter(pk=long.pk).update(separator="remote")
    assert before(long) == []


def test_a_job_that_is_nearly_done_is_left_alone() -> None:
    long = running(started_at=timezone.now() - timedelta(seconds=3_580), eta_s=20.0)
    song("b", 10.0)
    assert before(long) == []


def test_what_had_run_before_its_last_turn_is_done() -> None:
    long = running(seconds=1_000.0, ran_s=850.0)
    song("b", 45.0)
    assert before(long) == []
    Job.objects.filter(pk=long.pk).update(ran_s=0.0)
    assert len(before(long)) == 1


def test_a_worker_that_is_free_takes_the_song_instead() -> None:
    long, short = running(), song("b", 10.0)
    free = add_worker("h:2", None)
    assert before(long) == []
    free.lanes = ["backfill"]
    free.save()
    assert before(long) == [short]


def test_a_worker_that_is_free_soon_takes_the_song_instead() -> None:
    long = running()
    song("b", 10.0)
    running("c", name="h:2", eta_s=15.0, started_at=timezone.now() - timedelta(seconds=3_600))
    assert before(long) == []


def test_of_several_long_jobs_one_at_a_time_gives_way() -> None:
    long, other = running(), running("c", name="h:2")
    short = song("b", 10.0)
    assert before(long) == before(other) == [short]
    Job.objects.filter(pk=other.pk).update(
        status=JobStatus.PENDING, lease_token=None, queue_rank=QueueRank.GAVE_WAY
    )
    assert before(long) == []


def test_whoever_may_have_no_more_running_gets_no_turn() -> None:
    long = running()
    running("b", name="h:2")
    song("b", 10.0)
    set_quota(make_user("b"), running_jobs=1)
    assert before(long) == []


def test_a_song_in_its_back_off_gets_no_turn() -> None:
    long = running()
    song("b", 10.0, not_before=timezone.now() + timedelta(seconds=60))
    assert before(long) == []


def test_a_long_queue_costs_as_many_queries_as_a_short_one() -> None:
    long = running()
    song("b", 10.0)
    with CaptureQueriesContext(connection) as one:
        before(long)
    for n in range(30):
        song(f"p{n % 5}", 10.0)
    with CaptureQueriesContext(connection) as many:
        assert len(before(long)) == 4
    assert len(many) == len(one)
