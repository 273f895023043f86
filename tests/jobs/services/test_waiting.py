"""Where a waiting job stands, compared with the order in which workers really take them."""

import heapq
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Campaign, Job, Source, Speed, Worker
from jobs.models.job import HELD_UNTIL, JobStatus
from jobs.queue.claim import claim_next
from jobs.queue.lanes import ALL
from jobs.services.timing.waiting import Waiting, ordinal, waiting
from separation.request.separation_request import SeparationRequest
from tests.factories import make_group, make_job, make_source, make_user, set_quota

STAGES = ("prepare", "separation", "listening", "quality", "export")
SONG_S, WORK_S = 100.0, 122.0
"""A song of the tests, and what it is expected to take: 1.2 s a second and 2 s around."""


@pytest.fixture(autouse=True)
def speeds(db: None) -> None:
    for work, rate in zip(STAGES, (0.2, 1.0, 0.0, 0.0, 0.0), strict=True):
        named = {"separator": "spectral", "model_name": "spectral"} if work == "separation" else {}
        Speed.objects.create(host="h", device="cpu", work=work, seconds_per_second=rate, **named)


def add_worker(number: int = 1, **fields: Any) -> Worker:
    row = {"host": "h", "pid": number, "cluster": "stemsite", "seen_at": timezone.now()}
    return Worker.objects.create(**{"name": f"h:{number}", **row, **fields})


def song(name: str = "owner", *, minutes_ago: float = 0.0, **fields: Any) -> Job:
    owner = make_user(name)
    return make_job(
        owner=owner,
        source=make_source(owner=owner, duration_s=SONG_S, content=b""),
        request=SeparationRequest(separator="spectral", stages=("separation",)),
        created_at=timezone.now() - timedelta(minutes=minutes_ago),
        **fields,
    )


def running(worker: str = "h:1", name: str = "runs", **fields: Any) -> Job:
    fields.setdefault("started_at", timezone.now() - timedelta(seconds=100))
    return song(name, status=JobStatus.PROCESSING, worker=worker, **fields)


def told(job: Job) -> Waiting:
    found = waiting(job)
    assert found is not None
    return found


def test_the_only_job_starts_in_a_moment(owner: User) -> None:
    add_worker()
    found = told(song())
    assert (found.position, found.starts_in_s, found.workers) == (1, 0.0, 1)
    assert found.sentence() == "Next in line, starts in a moment."


def test_only_a_waiting_job_has_a_place(owner: User) -> None:
    add_worker()
    for status in JobStatus:
        if status != JobStatus.PENDING:
            assert waiting(song(status=status)) is None


def test_what_runs_and_what_is_before_it_have_to_end_first(owner: User) -> None:
    add_worker()
    running(eta_s=58.0)
    song(minutes_ago=2)
    found = told(song(minutes_ago=1))
    assert (found.position, found.starts_in_s) == (2, 180.0)
    assert found.sentence() == "2nd in line, starts in about 3 min."


def test_two_workers_start_it_sooner(owner: User) -> None:
    for number in (1, 2):
        add_worker(number)
    running("h:1", eta_s=58.0)
    running("h:2", eta_s=30.0)
    song(minutes_ago=2)
    assert told(song(minutes_ago=1)).starts_in_s == 60.0


def test_a_running_job_without_an_estimate_is_expected_by_what_was_learned(owner: User) -> None:
    add_worker()
    running(started_at=timezone.now() - timedelta(seconds=60))
    assert told(song()).starts_in_s == 60.0


def test_an_overdue_job_is_not_thought_to_end_at_once(owner: User) -> None:
    add_worker()
    running(started_at=timezone.now() - timedelta(hours=1))
    assert told(song()).starts_in_s == 10.0


@pytest.mark.parametrize("eta_s", [30.0, 900.0])
def test_whoever_waits_is_told_the_time_that_the_page_of_the_running_job_says(
    owner: User, eta_s: float
) -> None:
    add_worker()
    running(eta_s=eta_s, started_at=timezone.now() - timedelta(seconds=2))
    assert told(song()).starts_in_s == eta_s


def test_of_a_job_that_was_worked_on_before_only_the_rest_is_waited_for(owner: User) -> None:
    add_worker()
    song(minutes_ago=2, progress_percent=75.0)
    assert told(song(minutes_ago=1)).starts_in_s == pytest.approx(WORK_S / 4, abs=2.5)


def test_who_has_one_song_is_not_told_to_wait_for_a_hundred(owner: User) -> None:
    add_worker()
    running(name="flood", eta_s=58.0)
    flood = [song("flood", minutes_ago=60 - n) for n in range(5)]
    mine = song("owner", minutes_ago=1)
    assert told(mine).position == 1
    assert [told(job).position for job in flood] == [2, 3, 4, 5, 6]


def queue_of_many() -> None:
    for n in range(4):
        song("a", minutes_ago=60 - n)
    for n in range(3):
        song("b", minutes_ago=30 - n)
    song("b", minutes_ago=1, priority=5)
    song("c", minutes_ago=2)
    campaign = Campaign.objects.create(separator="spectral", request={}, key="k")
    for n in range(2):
        song("c", minutes_ago=90 - n, lane="backfill", campaign=campaign)
    song("a", minutes_ago=99, lane="backfill")


def places_of_all() -> list[object]:
    """Every waiting job by the place that it is told."""
    waits = list(Job.objects.filter(status=JobStatus.PENDING))
    places = {told(job).position or 0: job.pk for job in waits}
    assert sorted(places) == list(range(1, len(waits) + 1))
    return [places[place] for place in sorted(places)]


def finish(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(status=JobStatus.COMPLETED, lease_token=None)


@pytest.mark.parametrize("cap", [0, 1, 2])
def test_the_places_are_those_in_which_workers_take_the_jobs(
    owner: User, settings: Settings, cap: int
) -> None:
    settings.MAX_RUNNING_JOBS = cap
    add_worker()
    queue_of_many()
    places, taken = places_of_all(), []
    while (job := claim_next(worker="h:1", lanes=ALL)) is not None:
        taken.append(job.pk)
        finish(job)
    assert taken == places


def set_cap(whose: str, most: int) -> None:
    """Of an account such as "a", or of a group such as "a, b each" and "a, b together"."""
    names, *_ = whose.partition(" each" if "each" in whose else " together")
    people = [make_user(name) for name in names.split(", ")]
    if len(people) == 1:
        set_quota(people[0], running_jobs=most)
    else:
        set_quota(make_group(names, *people), shared="together" in whose, running_jobs=most)


def taken_by(*, workers: int) -> Iterator[object]:
    """The jobs in the order in which so many workers take them, each as long as it should take."""
    busy: list[tuple[float, int, Job]] = []
    now_s, number = 0.0, 0
    while True:
        while len(busy) < workers and (job := claim_next(worker="h", lanes=ALL)) is not None:
            yield job.pk
            number += 1
            heapq.heappush(busy, (now_s + 1.2 * job.source.duration_s + 2.0, number, job))
        if not busy:
            return
        now_s, _, job = heapq.heappop(busy)
        finish(job)


@pytest.mark.parametrize(
    "caps",
    [
        {"a": 1},
        {"a, b each": 1},
        {"a, b together": 1},
        {"a, b together": 2, "b, c together": 1},
        {"a, b each": 2, "a, b together": 3, "c": 1},
    ],
    ids=str,
)
def test_under_caps_of_accounts_and_groups_the_places_are_those_of_three_workers(
    owner: User, caps: dict[str, int]
) -> None:
    for words, most in caps.items():
        set_cap(words, most)
    for number in (1, 2, 3):
        add_worker(number)
    queue_of_many()
    for number, source in enumerate(Source.objects.order_by("created_at")):
        # No two songs end at once, or who starts next would be chance.
        Source.objects.filter(pk=source.pk).update(duration_s=SONG_S + number)
    places = places_of_all()
    assert list(taken_by(workers=3)) == places


def test_at_the_cap_of_its_group_a_song_waits_for_one_of_another_member(owner: User) -> None:
    set_quota(make_group("class", owner, make_user("mate")), shared=True, running_jobs=1)
    for number in (1, 2):
        add_worker(number)
    running("h:1", name="mate", eta_s=58.0)
    assert told(song(minutes_ago=2)).starts_in_s == 60.0
    assert told(song("outside")).starts_in_s == 0.0


def test_at_their_cap_an_account_waits_for_its_own_job_to_end(
    owner: User, settings: Settings
) -> None:
    settings.MAX_RUNNING_JOBS = 1
    for number in (1, 2):
        add_worker(number)
    running("h:1", name="owner", eta_s=58.0)
    first, second = song(minutes_ago=2), song(minutes_ago=1)
    assert told(first).starts_in_s == 60.0
    assert told(second).starts_in_s == 180.0


def test_a_lane_that_no_living_worker_serves_has_a_place_and_no_time(owner: User) -> None:
    add_worker(lanes=["interactive"])
    found = told(song(lane="backfill"))
    assert (found.position, found.starts_in_s) == (1, None)
    assert found.sentence() == "Next in line, starts when a worker for it is free."


def test_a_job_in_its_pause_says_when_it_is_tried_again(owner: User) -> None:
    add_worker()
    found = told(song(not_before=timezone.now() + timedelta(seconds=29)))
    assert found.position is None
    assert found.sentence() == "Tried again in about 30 s."


def test_a_job_that_is_held_back_promises_no_time(owner: User) -> None:
    add_worker()
    found = told(song(not_before=HELD_UNTIL))
    assert (found.position, found.starts_in_s) == (None, None)
    assert found.sentence() == "Held back until whoever runs this site lets it go on."


def test_without_a_worker_staff_are_told_what_to_type(owner: User) -> None:
    song(minutes_ago=2)
    found = told(song(minutes_ago=1))
    assert (found.position, found.starts_in_s, found.workers) == (2, None, 0)
    command = "No worker is running: start one with `python manage.py stemworker`."
    assert found.sentence(for_staff=True) == command
    assert "manage.py" not in found.sentence()
    assert found.sentence().startswith(
        "No worker is running. The song keeps its place (2nd in line) and starts as soon as"
    )


def test_a_worker_that_fell_silent_does_not_count(owner: User, settings: Settings) -> None:
    long_ago = timezone.now() - timedelta(seconds=settings.LEASE_S + 1)
    add_worker(seen_at=long_ago)
    assert told(song()).workers == 0


def test_a_time_that_was_guessed_is_told_as_a_bound(owner: User) -> None:
    Speed.objects.all().delete()
    add_worker()
    song(minutes_ago=2)
    found = told(song(minutes_ago=1))
    assert found.sentence() == "2nd in line, starts within 35 s."


@pytest.mark.parametrize(
    ("number", "word"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (12, "12th"), (21, "21st")]
)
def test_places_are_told_in_words(number: int, word: str) -> None:
    assert ordinal(number) == word


def test_two_hundred_waiting_jobs_cost_as_many_queries_as_one(owner: User) -> None:
    add_worker()
    mine = song()
    with CaptureQueriesContext(connection) as one:
        told(mine)
    for n in range(200):
        song(f"owner{n % 7}", minutes_ago=n + 1)
        set_quota(make_user(f"owner{n % 7}"), running_jobs=3)
    with CaptureQueriesContext(connection) as many:
        assert told(mine).position is not None
    assert len(one) <= 6
    assert len(many) == len(one)


def test_behind_more_songs_than_are_looked_at_no_place_is_told(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.services.timing.waiting.LOOK_AHEAD", 1)
    add_worker()
    song(minutes_ago=2)
    found = told(song(minutes_ago=1))
    assert (found.position, found.starts_in_s, found.pausing) == (None, None, False)
    assert found.sentence() == "More than 1 songs are before this one."


def test_an_idle_worker_waits_for_a_job_of_the_account_that_another_lane_holds(
    owner: User, settings: Settings
) -> None:
    settings.MAX_RUNNING_JOBS = 1
    add_worker(1, lanes=["backfill"])
    add_worker(2, lanes=["interactive"])
    running("h:1", name="owner", eta_s=58.0)
    assert told(song()).starts_in_s == 60.0


def test_what_starts_within_seconds_starts_in_a_moment(owner: User) -> None:
    add_worker()
    running(eta_s=2.5, started_at=timezone.now() - timedelta(seconds=WORK_S))
    assert told(song()).starts_in_s == 0.0
