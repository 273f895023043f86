"""A worker whose job lets short songs go first, with a real runner, checkpoints and rows."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from jobs.models import Job, Speed
from jobs.models.job import QueueRank
from jobs.queue.claim import claim_next
from jobs.queue.lease import Lease
from jobs.services.job.cancel import cancel_job
from jobs.services.timing import speed
from jobs.worker import execute, giving_way, outcome, runners
from jobs.worker.reaper import take_back
from tests.factories import make_job, make_source, make_user, wav_bytes
from tests.separation.fakes import plug_in

pytestmark = pytest.mark.django_db(transaction=True)

LONG_S, SHORT_S = 3.0, 0.1
"""Of sound, and so of work."""

RATES = {"prepare": 0.1, "separation": 1.0, "export": 0.1}
"""A short song is expected to take 0.22 s."""


@pytest.fixture(autouse=True, scope="module")
def steady_runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One for all tests: it finds a separator that takes a known time."""
    folder = tmp_path_factory.mktemp("plugged in")
    steady = "tests.separation.fakes:SteadySeparator"
    runners.discard_runner()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", plug_in(folder, steady=steady))
        yield
    runners.discard_runner()


@pytest.fixture(autouse=True)
def quick_turns(db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.TURN_SHORT_S, settings.TURN_MIN_S = 60.0, 0.3
    monkeypatch.setattr(giving_way, "LOOK_S", 0.1)
    monkeypatch.setattr(speed, "START_S", 0.1)
    for name, rate in RATES.items():
        Speed.objects.create(
            host="h",
            device="cpu",
            work=name,
            separator="steady" if name == "separation" else "",
            seconds_per_second=rate,
        )


def song(who: str, seconds: float = SHORT_S, **fields: Any) -> Job:
    owner = make_user(who, password=None)
    source = make_source(owner=owner, content=wav_bytes(seconds), duration_s=seconds)
    job = make_job(owner=owner, source=source, separator="steady", **fields)
    stages = {"prepare": {}, "separation": {"separator": "steady"}, "export": {"format": "wav16"}}
    pipeline = [{"name": name, "params": params} for name, params in stages.items()]
    Job.objects.filter(pk=job.pk).update(pipeline=pipeline)
    job.stages.exclude(name__in=stages).delete()
    return job


def work() -> Job | None:
    """What a worker does with a ticket."""
    job = claim_next(worker="test")
    if job is not None:
        execute.execute(job)
        job.refresh_from_db()
    return job


def resumed_at_s(job: Job) -> float:
    (separation,) = [s for s in job.manifest["stages"] if s["name"] == "separation"]
    return separation["details"]["resumed_at_s"] or 0.0


@pytest.fixture
def percents(monkeypatch: pytest.MonkeyPatch) -> dict[Any, list[float]]:
    """What each job's bar showed, write by write."""
    shown: dict[Any, list[float]] = {}
    plain = Lease.write

    def write(self: Lease, **fields: Any) -> None:
        plain(self, **fields)
        if "progress_percent" in fields:
            shown.setdefault(self.job_id, []).append(fields["progress_percent"])

    monkeypatch.setattr(Lease, "write", write)
    return shown


def test_a_short_song_has_a_turn_and_the_long_one_goes_on_where_it_was(
    percents: dict[Any, list[float]],
) -> None:
    long, short = song("owner", LONG_S), song("b")
    first = work()
    assert first is not None and first.pk == long.pk
    assert (first.status, first.attempt, first.error_code) == ("pending", 0, "")
    words = "A shorter song of somebody else has a turn; this one goes on at"
    assert first.progress_message == f"{words} {first.progress_percent:.0f} %"
    assert first.ran_s > 0.3
    second, third = work(), work()
    assert second is not None and (second.pk, second.status) == (short.pk, "completed")
    assert third is not None and third.pk == long.pk
    assert (third.status, third.attempt) == ("completed", 1)
    assert resumed_at_s(third) > 0.1
    bar = percents[long.pk]
    assert bar == sorted(bar), "it ran backwards"
    assert third.ran_s == first.ran_s


def test_many_short_songs_of_one_person_do_not_keep_a_long_one_from_its_end(
    settings: Settings,
) -> None:
    settings.TURN_SHORT_S = 0.5
    long = song("owner", LONG_S)
    for _ in range(5):
        song("flood")
    order = ""
    while (job := work()) is not None:
        order += "S" if job.pk != long.pk else "L" if job.status == "completed" else "l"
    long.refresh_from_db()
    assert (long.status, long.attempt) == ("completed", 1)
    assert order.count("S") == 5
    turns = order.partition("L")[0].split("l")
    # Two of 0.22 s to a turn.
    assert turns[:2] == ["", "SS"] and max(map(len, turns)) == 2, order


def test_a_song_that_is_cancelled_meanwhile_takes_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    long, short = song("owner", LONG_S), song("b")
    asked: list[bool] = []

    def pause(self: Any, job_id: str, *, wanted: bool = True) -> None:
        asked.append(wanted)
        if wanted:
            cancel_job(job=short)

    monkeypatch.setattr("separation.runner.client.RunnerProcess.pause", pause)
    first = work()
    assert first is not None and (first.pk, first.status) == (long.pk, "completed")
    assert asked == [True, False]


def test_a_cancel_while_others_have_a_turn_ends_the_job_at_once() -> None:
    long = song("owner", LONG_S)
    song("b")
    first = work()
    assert first is not None and (first.pk, first.queue_rank) == (long.pk, QueueRank.GAVE_WAY)
    cancelled = cancel_job(job=first)
    assert (cancelled.status, cancelled.progress_message) == ("cancelled", "Cancelled")
    second = work()
    assert second is not None and second.status == "completed"
    assert work() is None


def test_a_cancel_wins_over_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    long = song("owner", LONG_S)
    song("b")
    plain = outcome.give_way

    def give_way(lease: Lease, **fields: Any) -> None:
        cancel_job(job=long)
        plain(lease, **fields)

    monkeypatch.setattr(outcome, "give_way", give_way)
    first = work()
    assert first is not None
    assert (first.pk, first.status) == (long.pk, "cancelled")
    assert not Job.objects.filter(queue_rank__gt=QueueRank.IN_LINE).exists()


class Killed(BaseException):
    """What nothing in a worker handles."""


def test_a_worker_that_is_killed_while_it_gives_way_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.BACKOFF_S = 0.0
    long, short = song("owner", LONG_S), song("b")
    with monkeypatch.context() as patch:

        def die(lease: Lease, **fields: Any) -> None:
            raise Killed

        patch.setattr(outcome, "_requeue", die)
        with pytest.raises(Killed):
            work()
    long.refresh_from_db()
    short.refresh_from_db()
    assert (long.status, long.queue_rank) == ("processing", QueueRank.IN_LINE)
    assert short.queue_rank == QueueRank.IN_LINE, "half of it was written"
    assert long.lease_token is not None and take_back(long.lease_token)
    settings.TURN_SHORT_S = 0.0
    done = [work(), work()]
    assert [job and job.status for job in done] == ["completed", "completed"]
    long.refresh_from_db()
    assert (long.attempt, resumed_at_s(long) > 0.1) == (2, True)
