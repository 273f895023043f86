"""Waiting times count with the turns of short songs between the checkpoints of a long one."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Job
from jobs.models.job import JobStatus, QueueRank
from jobs.services.timing.waiting import Waiting, waiting
from tests.jobs.services.test_turns import add_worker, running, site, song

__all__ = ["site"]

SHORT_S, SHORT_WORK_S = 40.0, 50.0
"""A song of the tests, and what it is expected to take."""


def told(job: Job) -> Waiting:
    found = waiting(job)
    assert found is not None
    return found


def starts(*jobs: Job) -> list[float | None]:
    return [told(job).starts_in_s for job in jobs]


def long_one() -> Job:
    """Of which 3000 s are left."""
    started_at = timezone.now() - timedelta(seconds=800)
    return running(started_at=started_at, eta_s=3_000.0)


def just_started(**fields: Any) -> Job:
    started_at = timezone.now() - timedelta(seconds=20)
    return running(started_at=started_at, eta_s=3_500.0, **fields)


def test_a_short_song_waits_for_its_turn_and_not_for_the_long_one() -> None:
    long_one()
    short = song("b", SHORT_S)
    assert told(short).sentence() == "Next in line, starts in a moment."


def test_a_long_one_that_has_just_started_runs_for_a_while_first() -> None:
    just_started()
    assert starts(song("b", SHORT_S)) == [120.0]


def test_more_songs_than_one_turn_holds_wait_for_the_next_ones() -> None:
    long_one()
    shorts = [song("b", SHORT_S) for _ in range(3)]
    # 50 s for each, and 120 s of the long one between them.
    assert starts(*shorts) == [0.0, 180.0, 360.0]
    assert [told(job).position for job in shorts] == [1, 2, 3]


def test_whoever_waits_for_the_end_of_the_long_one_waits_for_the_turns_as_well() -> None:
    long_one()
    third = song("c", 2_000.0, priority=1)
    song("b", SHORT_S)
    assert starts(third) == [3_060.0], "3000 s and 50 s"
    assert told(third).position == 2


def test_the_next_long_one_gives_way_as_well() -> None:
    running(eta_s=10.0, started_at=timezone.now() - timedelta(seconds=3_600))
    song("c", 2_000.0)
    assert starts(song("b", SHORT_S)) == [120.0], "10 s, and 120 s of the second one"


@pytest.mark.parametrize("why", ["off", "own", "too long"])
def test_who_gets_no_turn_is_not_told_of_one(settings: Settings, why: str) -> None:
    long_one()
    if why == "off":
        settings.TURN_SHORT_S = 0.0
    waits = song("owner" if why == "own" else "b", 60.0 if why == "too long" else SHORT_S)
    assert starts(waits) == [3_000.0]


def test_a_job_that_gave_way_goes_on_next_and_says_so() -> None:
    running("b", SHORT_S, eta_s=20.0, started_at=timezone.now() - timedelta(seconds=30))
    long = song(
        "owner",
        3_000.0,
        queue_rank=QueueRank.GAVE_WAY,
        ran_s=602.0,
        preempted_at=timezone.now() - timedelta(seconds=30),
    )
    after = song("c", 2_000.0, priority=5)
    assert told(long).sentence() == "Next in line, goes on in about 20 s."
    # Of 3602 s it has done 602.
    assert (told(after).position, starts(after)) == (2, [3_000.0 + 20.0 - 20.0 % 60.0])


def test_the_next_long_one_does_not_give_way_where_it_cannot_stop() -> None:
    running(eta_s=10.0, started_at=timezone.now() - timedelta(seconds=3_600))
    Job.objects.filter(pk=song("c", 2_000.0).pk).update(separator="remote")
    (given,) = starts(song("b", SHORT_S))
    assert given is not None and given > 2_000.0


def test_what_ran_before_a_fault_is_no_part_of_the_next_attempt() -> None:
    add_worker("h:1", None)
    song("owner", 1_000.0, ran_s=600.0, priority=1)
    assert starts(song("b", 100.0)) == [1_200.0]


def test_one_that_gave_way_gives_way_again_only_after_a_while() -> None:
    running("b", SHORT_S, eta_s=20.0, started_at=timezone.now() - timedelta(seconds=30))
    song(
        "owner",
        3_000.0,
        queue_rank=QueueRank.GAVE_WAY,
        ran_s=602.0,
        preempted_at=timezone.now() - timedelta(seconds=30),
    )
    assert starts(song("b", SHORT_S)) == [120.0], "20 s and 120 s"


def test_where_another_worker_is_free_soon_nobody_has_a_turn() -> None:
    long_one()
    add_worker("h:2", None)
    assert starts(song("b", SHORT_S), song("c", SHORT_S)) == [0.0, 50.0]


def test_a_long_queue_costs_as_many_queries_as_a_short_one() -> None:
    long_one()
    last = song("b", SHORT_S)
    with CaptureQueriesContext(connection) as one:
        told(last)
    for n in range(40):
        song(f"p{n % 4}", SHORT_S, created_at=timezone.now() - timedelta(minutes=n))
    with CaptureQueriesContext(connection) as many:
        told(last)
    assert len(many) == len(one) <= 6
    assert Job.objects.filter(status=JobStatus.PENDING).count() == 41
