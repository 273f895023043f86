from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue.health import STUCK_AFTER_S
from jobs.queue.watchdog import Watchdog
from tests.factories import make_job


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def forgotten(owner: User) -> Job:
    job = make_job()
    Job.objects.update(updated_at=timezone.now() - timedelta(seconds=STUCK_AFTER_S + 1))
    return job


def test_a_new_cluster_gets_time_for_jobs_that_waited_before_it(
    clock: Clock, forgotten: Job
) -> None:
    watchdog = Watchdog(clock)
    clock.now += STUCK_AFTER_S - 1
    assert not watchdog.bites()
    clock.now += 2
    assert watchdog.bites()


@pytest.mark.parametrize("sign_of_life", ["running", "ended"])
def test_a_cluster_that_moves_is_left_alone(
    clock: Clock, forgotten: Job, sign_of_life: str
) -> None:
    running = sign_of_life == "running"
    make_job(status=JobStatus.PROCESSING if running else JobStatus.COMPLETED)
    watchdog = Watchdog(clock)
    clock.now += STUCK_AFTER_S + 1
    assert not watchdog.bites()
