"""Percent and time left of real jobs: the first one on a machine, the next, one that is resumed."""

import time
from itertools import pairwise
from typing import Any

import pytest

from jobs.models import Job
from jobs.queue import drain
from jobs.queue.lease import Lease
from jobs.services.timing import speed
from jobs.services.timing.deadline import set_deadline
from jobs.worker import attempt
from separation.protocol.messages import ProgressEvent, StageStartedEvent
from tests.jobs.worker.test_execute import make_fake_job, own_runner, run, take

__all__ = ["own_runner"]

pytestmark = pytest.mark.django_db(transaction=True)

SONG_S = 0.6
TRIES = 5
SPLITS = [{"stem": stem, "separator": "fake", "model": "slow"} for stem in ("drums", "vocals")]


@pytest.fixture(autouse=True)
def short_songs_teach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "LEARN_FROM_S", 0.1)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, Any]]:
    """When the worker heard of what."""
    heard: list[tuple[float, Any]] = []
    plain = attempt.Attempt._take

    def listen(self: attempt.Attempt, event: Any) -> None:
        heard.append((time.monotonic(), event))
        plain(self, event)

    monkeypatch.setattr(attempt.Attempt, "_take", listen)
    return heard


def percents(told: list[tuple[float, Any]]) -> list[float]:
    return [
        event.percent
        for _, event in told
        if isinstance(event, ProgressEvent | StageStartedEvent) and event.percent is not None
    ]


def assert_never_back(shown: list[float]) -> None:
    assert all(earlier <= later for earlier, later in pairwise(shown))
    assert all(0 <= percent < 100 for percent in shown)


def job_of_thirds() -> Job:
    """Its details take twice as long as its separation, and everything else little."""
    job = make_fake_job("slow", seconds=SONG_S, more=("details",))
    prepare, separation, _, export = Job.objects.get(pk=job.pk).pipeline
    details = {"name": "details", "params": {"splits": SPLITS}}
    Job.objects.filter(pk=job.pk).update(pipeline=[prepare, separation, details, export])
    job.stages.exclude(name="details").filter(position__gt=1).update(position=9)
    return job


def test_a_machine_that_has_learned_from_one_song_tells_the_share_of_time_of_the_next(
    told: list[tuple[float, Any]],
) -> None:
    """Some of the next: while another program holds a stage up, the machine is not as it was."""
    first = run(job_of_thirds())
    assert (first.status, first.progress_percent) == ("completed", 100.0)
    assert_never_back(percents(told))
    assert all(event.eta_s is not None for _, event in told if isinstance(event, ProgressEvent))
    for _ in range(TRIES):
        told.clear()
        job = run(job_of_thirds())
        assert (job.status, job.progress_percent) == ("completed", 100.0)
        assert_never_back(percents(told))
        if tells_the_share_of_time(told):
            return
    pytest.fail(f"in {TRIES} jobs percent and the seconds that they took did not agree")


def tells_the_share_of_time(told: list[tuple[float, Any]]) -> bool:
    """Whether separation and details, whose work is to wait, share the bar as they share the time,
    and percent and time left agree at the border between them."""
    starts: dict[str, tuple[float, Any]] = {
        event.stage: (at, event) for at, event in told if isinstance(event, StageStartedEvent)
    }
    assert list(starts) == ["prepare", "separation", "details", "export"]
    (began, _), (_, before), (split_at, between), (_, after) = starts.values()
    seconds = {event.stage: event.duration_s for _, event in told if event.type == "stage_finished"}
    took = seconds["separation"] / seconds["details"]
    share = (between.percent - before.percent) / (after.percent - between.percent)
    implied_s = (split_at - began) * (100 - between.percent) / between.percent
    agree = between.eta_s == pytest.approx(implied_s, rel=0.4)
    return bool(agree and share == pytest.approx(took, rel=0.35))


def test_what_the_site_has_learned_is_handed_to_a_runner_that_is_new() -> None:
    job = run(make_fake_job("slow", seconds=SONG_S))
    next_job = take(make_fake_job("slow", seconds=SONG_S, progress_percent=40.0))
    lease = Lease(next_job)
    spec = attempt.job_spec(next_job, lease, set_deadline(next_job, lease))
    took = job.stages.get(name="separation").duration_s
    assert took is not None
    assert spec.rates["separation"].learned
    assert spec.rates["separation"].seconds_per_second == pytest.approx(took / SONG_S, rel=0.01)
    assert set(spec.rates) == {"prepare", "separation", "export"}
    assert (spec.audio_s, spec.percent) == (next_job.source.duration_s, 40.0)


def test_a_job_that_is_given_back_and_taken_up_again_never_falls_back(
    told: list[tuple[float, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = attempt.Attempt._take

    def take_and_stop(self: attempt.Attempt, event: Any) -> None:
        plain(self, event)
        if isinstance(event, ProgressEvent) and event.stage == "separation" and event.percent > 5:
            drain.request()

    with monkeypatch.context() as patched:
        patched.setattr(attempt.Attempt, "_take", take_and_stop)
        job = run(make_fake_job("slow", seconds=3.0))
    drain.clear()
    assert job.status == "pending" and 5 < job.progress_percent < 100
    shown = job.progress_percent
    told.clear()
    job = run(job)
    assert (job.status, job.progress_percent) == ("completed", 100.0)
    again = percents(told)
    assert again[0] >= shown
    assert_never_back(again)
