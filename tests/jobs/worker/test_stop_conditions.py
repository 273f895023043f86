from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue import drain
from jobs.queue.lease import Lease, LeaseLost
from jobs.services.job.cancel import cancel_job
from jobs.worker.stop_conditions import Stop, StopConditions
from tests.factories import make_job


@pytest.fixture
def job(owner: User) -> Job:
    return make_job(status=JobStatus.PROCESSING)


@pytest.fixture
def draining() -> Iterator[None]:
    drain.request()
    yield
    drain.clear()


def test_a_job_that_nobody_stops_goes_on(job: Job) -> None:
    assert StopConditions(job, Lease(job)).check_process() is None


def test_a_wish_to_cancel_is_seen(job: Job) -> None:
    assert StopConditions(job, Lease(job)).check_job() is None
    cancel_job(job=job)
    assert StopConditions(job, Lease(job)).check_job() is Stop.CANCEL


def test_a_job_that_runs_for_too_long_is_stopped(job: Job, settings: Settings) -> None:
    watch = StopConditions(job, Lease(job))
    settings.MAX_JOB_S = 0
    assert watch.check_process() is Stop.DEADLINE
    job.deadline_s = 60.0
    assert watch.check_process() is None, "its own limit counts"
    job.ran_s = 61.0
    assert watch.check_process() is Stop.DEADLINE, "what ran before others had a turn counts"
    job.ran_s = 0.0
    job.deadline_s = 0.0
    assert watch.check_process() is Stop.DEADLINE


def test_a_worker_told_to_stop_stops_its_job(job: Job, draining: None) -> None:
    assert StopConditions(job, Lease(job)).check_process() is Stop.DRAIN


def test_a_heartbeat_renews_the_lease_when_it_is_due(job: Job, settings: Settings) -> None:
    soon = timezone.now() + timedelta(seconds=5)
    Job.objects.update(lease_until=soon)
    StopConditions(job, Lease(job)).check_job()
    assert Job.objects.get().lease_until == soon
    settings.HEARTBEAT_S = 0.0
    StopConditions(job, Lease(job)).check_job()
    renewed = Job.objects.get().lease_until
    assert renewed is not None and renewed > soon


def test_a_lost_lease_is_noticed_without_a_heartbeat(job: Job) -> None:
    lease = Lease(job)
    Job.objects.update(status=JobStatus.PENDING, lease_token=None)
    with pytest.raises(LeaseLost):
        StopConditions(job, lease).check_job()


def test_the_row_is_asked_twice_a_second(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(
        "jobs.worker.stop_conditions.time", SimpleNamespace(monotonic=lambda: now[0])
    )
    watch = StopConditions(job, Lease(job))
    assert watch.check_job() is None
    cancel_job(job=job)
    now[0] += 0.4
    assert watch.check_job() is None, "it was asked a moment ago"
    now[0] += 0.1
    assert watch.check_job() is Stop.CANCEL
