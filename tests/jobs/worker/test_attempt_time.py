"""What an attempt should take, may take, and teaches about the next one and of its host."""

import socket

import pytest
from pytest_django.fixtures import Settings

from jobs.models import MissingModel, Speed
from jobs.services.timing import speed
from jobs.worker import runners
from separation.registry import SeparatorFactory
from tests.jobs.worker.test_execute import make_fake_job, own_runner, run
from tests.separation.fakes import FakeSeparator

__all__ = ["own_runner"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def short_songs_teach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "LEARN_FROM_S", 0.1)


def test_a_completed_job_was_expected_and_is_learned_from() -> None:
    job = run(make_fake_job())
    assert job.status == "completed"
    assert job.expected_s is not None and job.expected_s > 0
    assert job.deadline_s is not None and job.deadline_s >= job.expected_s
    rows = {row.work: row for row in Speed.objects.filter(host=socket.gethostname())}
    assert set(rows) == {"prepare", "separation", "export"}
    taken_s = job.stages.get(name="separation").duration_s
    assert taken_s is not None
    measured = taken_s / 0.5
    assert rows["separation"].seconds_per_second == pytest.approx(measured, rel=0.01)


def test_the_second_song_is_expected_by_the_first() -> None:
    first = run(make_fake_job("slow", seconds=1.0))
    second = run(make_fake_job("slow", seconds=1.0))
    took = sum(stage.duration_s or 0.0 for stage in first.stages.all())
    assert second.expected_s == pytest.approx(took + speed.START_S, abs=0.2)


def test_a_job_that_fails_teaches_nothing() -> None:
    run(make_fake_job("killed", max_attempts=1))
    assert not Speed.objects.exists()


def test_past_its_limit_a_job_is_stopped_with_plain_words(settings: Settings) -> None:
    settings.MAX_JOB_S = 1
    job = run(make_fake_job("slow", seconds=10.0))
    assert (job.status, job.error_code) == ("failed", "deadline_exceeded")
    assert "ran for more than 5 s and was stopped" in job.error_detail
    settings.MAX_JOB_S = 3600
    assert run(make_fake_job()).status == "completed", "the runner is of use to the next one"
    assert runners.known_runner() is not None


def test_a_retry_after_a_crash_has_the_whole_limit_for_itself(settings: Settings) -> None:
    settings.MAX_JOB_S = 600
    job = run(make_fake_job("killed"))
    assert (job.status, job.attempt, job.deadline_s) == ("pending", 1, 600.0)
    Speed.objects.create(host="h", device="cpu", work="prepare", seconds_per_second=10.0)
    expected = job.expected_s
    run(job)
    assert job.attempt == 2 and job.error_code == ""
    assert job.expected_s is not None and expected is not None and job.expected_s > expected


def test_the_warning_of_the_start_stays_beside_those_of_the_stages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FakeSeparator, "is_routed", True)  # as those made of networks are
    monkeypatch.setitem(SeparatorFactory._rows, "fake", FakeSeparator)
    job = run(make_fake_job("noted"))
    assert job.status == "completed"
    first, *others = job.warnings
    assert first.startswith("Runs on the processor")
    assert others and not any(text.startswith("Runs on the processor") for text in others)


def test_a_job_that_did_without_a_model_leaves_that_for_the_operator() -> None:
    job = run(make_fake_job("lacking"))
    row = MissingModel.objects.get()
    assert (row.host, row.model_name, row.used) == (socket.gethostname(), "htdemucs", "lacking")
    assert row.reason == "There was no way to huggingface.co."
    (stage,) = (each for each in job.manifest["stages"] if each["name"] == "separation")
    assert stage["details"]["unavailable"] == [{"model": "htdemucs", "reason": row.reason}]
    # It is no part of what decides the stems.
    assert "unavailable" not in job.manifest["separation"]
