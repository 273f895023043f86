"""A worker with a real runner: what happens to its job when the runner or the database fails."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, ProgrammingError, connection
from django_q.exceptions import TimeoutException
from pytest_django.fixtures import Settings

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue import drain
from jobs.queue.claim import claim
from jobs.queue.lease import Lease
from jobs.services.listening.index import is_playable
from jobs.worker import attempt, database_retry, execute, runners
from jobs.worker.outcome import give_back
from jobs.worker.record import Recorder
from separation.protocol.messages import StageFinishedEvent, StageStartedEvent
from tests.factories import make_job, make_source, make_user, wav_bytes
from tests.separation.fakes import plug_in

pytestmark = pytest.mark.django_db(transaction=True)

SLOW_S = 3.0
"""Seconds of sound; 0.1 s of work for each 0.1 s of it."""


@pytest.fixture(autouse=True)
def own_runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A runner that finds the fake separator, and a database that is asked again soon."""
    monkeypatch.setenv("PYTHONPATH", plug_in(tmp_path))
    monkeypatch.setattr(database_retry, "PAUSES_S", (0.05,))
    monkeypatch.setattr(execute, "DATABASE_PAUSES_S", (0.01, 0.01))
    runners.discard_runner()
    yield
    drain.clear()
    runners.discard_runner()


def make_fake_job(
    behaviour: str = "plain", *, seconds: float = 0.5, more: tuple[str, ...] = (), **overrides: Any
) -> Job:
    """``more``: stages between the separation and the export."""
    owner = make_user("owner")
    pipeline = [
        {"name": "prepare", "params": {}},
        {"name": "separation", "params": {"separator": "fake", "model": behaviour}},
        *({"name": name, "params": {}} for name in more),
        {"name": "export", "params": {"format": "wav16"}},
    ]
    job = make_job(
        owner=owner,
        source=make_source(owner=owner, content=wav_bytes(seconds)),
        status=JobStatus.PENDING,
        **overrides,
    )
    Job.objects.filter(pk=job.pk).update(pipeline=pipeline)
    job.stages.exclude(name__in=[stage["name"] for stage in pipeline]).delete()
    return job


def take(job: Job) -> Job:
    """What a worker does with it, back-off or not."""
    Job.objects.filter(pk=job.pk).update(not_before=None)
    token = uuid.uuid4()
    assert claim(pk=job.pk, token=token, worker="test")
    return Job.objects.select_related("source").get(lease_token=token)


def run(job: Job) -> Job:
    execute.execute(take(job))
    job.refresh_from_db()
    return job


class Away:
    """A database that refuses what changes rows from the moment that ``since`` says so."""

    def __init__(self, since: Callable[[], bool], for_s: float, error: type = OperationalError):
        self._since = since
        self._for_s = for_s
        self._error = error
        self._until: float | None = None
        self.refused = 0

    def __call__(self, run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if self._until is None and self._since():
            self._until = time.monotonic() + self._for_s
        if self._until is not None and time.monotonic() < self._until:
            self.refused += 1
            raise self._error("the database is away")
        return run(sql, *rest)


def always() -> bool:
    return True


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the runner has told, whether or not it could be written down."""
    heard: list[Any] = []
    plain = attempt.Attempt._take

    def take(self: attempt.Attempt, event: Any) -> None:
        heard.append(event)
        plain(self, event)

    monkeypatch.setattr(attempt.Attempt, "_take", take)
    return heard


def finished_stages(told: list[Any]) -> list[str]:
    return [event.stage for event in told if isinstance(event, StageFinishedEvent)]


def test_a_song_goes_through(told: list[Any]) -> None:
    job = run(make_fake_job())
    assert (job.status, job.attempt, job.error_code) == ("completed", 1, "")
    assert job.artifacts.count() == 5
    assert finished_stages(told) == ["prepare", "separation", "export"]


def test_rows_say_that_stems_are_playable_before_a_file_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[str, bool]] = []
    plain = Recorder.stage_started

    def stage_started(self: Recorder, event: StageStartedEvent) -> None:
        plain(self, event)
        job = Job.objects.get(pk=event.job_id)
        seen.append((event.stage, is_playable(job)))

    monkeypatch.setattr(Recorder, "stage_started", stage_started)
    job = run(make_fake_job(more=("listening",)))
    playable = {"prepare": False, "separation": False, "listening": False, "export": True}
    assert dict(seen) == playable
    assert job.status == "completed" and is_playable(job)


@pytest.mark.parametrize("moment", ["begin", "separation", "end"])
def test_a_database_that_is_away_for_a_while_costs_nothing(
    told: list[Any], moment: str, caplog: pytest.LogCaptureFixture
) -> None:
    since = {
        "begin": always,
        "separation": lambda: finished_stages(told) == ["prepare"],
        "end": lambda: bool(told) and told[-1].type == "finished",
    }[moment]
    away = Away(since, 1.0)
    job = take(make_fake_job("slow", seconds=1.0))
    with connection.execute_wrapper(away):
        execute.execute(job)
    job.refresh_from_db()
    assert away.refused > 1
    assert (job.status, job.attempt) == ("completed", 1)
    assert set(job.stages.values_list("status", flat=True)) == {"completed"}
    assert finished_stages(told) == ["prepare", "separation", "export"]
    assert "the database is back after" in caplog.text


def test_a_job_that_another_took_while_the_database_was_away_is_left_to_it(
    told: list[Any],
) -> None:
    job = take(make_fake_job("slow", seconds=1.0))
    away = Away(lambda: finished_stages(told) == ["prepare"], 3.0)

    def steal() -> None:
        """Another host's worker, which reaches the database again before this one does."""
        while not away.refused:
            time.sleep(0.02)
        give_back(Lease(job))
        connection.close()

    thief = threading.Thread(target=steal)
    thief.start()
    with connection.execute_wrapper(away):
        execute.execute(job)
    thief.join()
    job.refresh_from_db()
    assert (job.status, job.attempt, job.manifest) == ("pending", 0, {})
    assert not job.artifacts.exists()
    assert runners.known_runner() is None, "the runner of the lost attempt went on"


def test_a_fault_of_a_query_is_no_outage() -> None:
    job = take(make_fake_job())
    away = Away(always, 0.0, ProgrammingError)
    away._until = time.monotonic() + 3600.0
    refuse_once = lambda run, sql, *rest: (  # noqa: E731
        away(run, sql, *rest) if sql.startswith("UPDATE") and not away.refused else run(sql, *rest)
    )
    with connection.execute_wrapper(refuse_once), pytest.raises(ProgrammingError):
        execute.execute(job)
    job.refresh_from_db()
    assert (job.status, job.attempt) == ("pending", 1)


def test_a_job_that_kills_its_runner_is_tried_again_and_then_given_up(settings: Settings) -> None:
    settings.BACKOFF_S = 50.0
    job = make_fake_job("killed")
    for number in (1, 2):
        run(job)
        assert (job.status, job.attempt) == ("pending", number)
        assert job.not_before is not None and job.not_before > job.updated_at
    run(job)
    assert (job.status, job.attempt, job.error_code) == ("failed", 3, "worker_lost")
    assert job.stages.get(name="prepare").status == "completed"
    assert job.stages.get(name="separation").error_code == "worker_lost"
    assert runners.known_runner() is not None, "no runner waits for the next job"
    assert run(make_fake_job()).status == "completed"


def test_a_runner_that_does_not_come_up_is_no_fault_of_the_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    job = run(make_fake_job())
    assert (job.status, job.attempt) == ("pending", 0)
    assert job.not_before is not None and job.not_before > job.updated_at
    runners.discard_runner()
    monkeypatch.delenv("PYTHONHOME")
    assert run(job).status == "completed"


def test_a_job_whose_runner_hangs_is_tried_again_in_another(settings: Settings) -> None:
    settings.STALL_S = 4
    runner = runners.current_runner()
    runner.wait_ready()
    job = run(make_fake_job("hangs"))
    assert (job.status, job.attempt) == ("pending", 1)
    assert not runner.alive and runners.current_runner().pid != runner.pid


def test_a_runner_whose_card_failed_is_replaced(told: list[Any]) -> None:
    runner = runners.current_runner()
    assert run(make_fake_job()).status == "completed"
    assert runners.current_runner() is runner, "a healthy one is kept"
    job = run(make_fake_job("card"))
    assert (job.status, job.attempt) == ("pending", 1)
    assert not runner.alive and runners.known_runner() is not None


def test_too_much_memory_costs_the_runner_and_not_the_worker(settings: Settings) -> None:
    settings.RUNNER_MEMORY_MB = 50
    runner = runners.current_runner()
    job = run(make_fake_job("slow", seconds=SLOW_S, max_attempts=1))
    assert (job.status, job.error_code) == ("failed", "out_of_memory")
    assert not runner.alive


def test_a_worker_that_is_to_stop_keeps_what_is_finished_and_is_not_charged(
    told: list[Any],
) -> None:
    job = take(make_fake_job("slow", seconds=SLOW_S))
    runner = runners.current_runner()

    def stop() -> None:
        while finished_stages(told) != ["prepare"]:
            time.sleep(0.02)
        time.sleep(0.5)
        drain.request()

    thread = threading.Thread(target=stop)
    thread.start()
    execute.execute(job)
    thread.join()
    job.refresh_from_db()
    assert (job.status, job.attempt, job.not_before) == ("pending", 0, None)
    assert job.manifest["status"] == "processing"
    assert told[-1].code == "cancelled", "the runner was killed instead of asked"
    assert runner.alive
    assert job.stages.get(name="prepare").status == "completed"


def test_a_runner_that_everybody_was_told_to_stop_with_is_no_fault(told: list[Any]) -> None:
    """An init system sends SIGTERM to each process of a service, the runner perhaps first."""
    job = take(make_fake_job("killed"))
    drain_at_the_end = attempt.Attempt._failed

    def failed(self: attempt.Attempt, event: Any) -> None:
        drain.request()
        drain_at_the_end(self, event)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attempt.Attempt, "_failed", failed)
        execute.execute(job)
    job.refresh_from_db()
    assert (job.status, job.attempt) == ("pending", 0)


def test_a_runner_that_heard_of_the_stop_before_its_worker_is_no_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = take(make_fake_job("killed"))
    usual = attempt.Attempt._failed

    def failed(self: attempt.Attempt, event: Any) -> None:
        threading.Timer(0.2, drain.request).start()
        usual(self, event)

    monkeypatch.setattr(attempt.Attempt, "_failed", failed)
    execute.execute(job)
    job.refresh_from_db()
    assert (job.status, job.attempt) == ("pending", 0)


def test_a_worker_that_is_ended_for_taking_too_long_tells_of_its_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As django-q2 does it, by a kind of SystemExit."""
    job = take(make_fake_job())

    def too_long(self: attempt.Attempt) -> None:
        raise TimeoutException("Task exceeded maximum timeout value")

    monkeypatch.setattr(attempt.Attempt, "run", too_long)
    with pytest.raises(TimeoutException):
        execute.execute(job)
    job.refresh_from_db()
    assert (job.status, job.attempt) == ("pending", 1)


def test_a_runner_that_does_not_stop_for_a_drain_is_killed(told: list[Any]) -> None:
    job = take(make_fake_job("native"))
    runner = runners.current_runner()

    def stop() -> None:
        while finished_stages(told) != ["prepare"]:
            time.sleep(0.02)
        time.sleep(0.5)
        drain.request()

    thread = threading.Thread(target=stop)
    thread.start()
    execute.execute(job)
    thread.join()
    job.refresh_from_db()
    assert (job.status, job.attempt) == ("pending", 0)
    assert not runner.alive


def test_a_worker_that_is_to_stop_does_not_wait_for_ever_for_a_database(
    settings: Settings,
) -> None:
    settings.DRAIN_S = 1
    job = take(make_fake_job())
    drain.request()
    with connection.execute_wrapper(Away(always, 3600.0)):
        execute.execute(job)
    job.refresh_from_db()
    assert job.status == "processing", "its lease will run out"


def test_a_lease_that_went_before_the_start_starts_nothing(told: list[Any]) -> None:
    job = take(make_fake_job())
    Job.objects.filter(pk=job.pk).update(status=JobStatus.PENDING, lease_token=None)
    execute.execute(job)
    job.refresh_from_db()
    assert (job.status, job.attempt, told) == ("pending", 1, [])
