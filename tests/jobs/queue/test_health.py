"""Whether somebody works, from rows and from figures."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue.health import QueueHealth, queue_health
from tests.factories import make_job


def idle(waits_s: float | None, **fields: int) -> QueueHealth:
    figures: dict[str, Any] = {"workers_alive": 1, "pending": 1, "processing": 0, **fields}
    return QueueHealth(**figures, oldest_pending_s=waits_s)


@pytest.mark.parametrize(
    ("waits_s", "stuck"), [(None, False), (0.0, False), (120.0, False), (120.5, True)]
)
def test_a_queue_that_keeps_a_job_for_two_minutes_while_nobody_works_is_stuck(
    waits_s: float | None, stuck: bool
) -> None:
    health = idle(waits_s)
    assert health.stuck is stuck and health.ok is not stuck
    assert ("no worker takes them" in health.sentence()) is stuck


def test_a_worker_that_is_busy_is_waited_for() -> None:
    assert idle(3600.0, processing=1).ok


def test_without_a_worker_nothing_is_well_though_nothing_waits() -> None:
    health = idle(None, workers_alive=0, pending=0)
    assert not health.ok and not health.stuck
    assert health.sentence() == "No worker is running; 0 waiting, 0 running."


def test_how_long_the_first_waits_is_told_from_the_rows(owner: User) -> None:
    now = timezone.now()
    for ago_s in (30, 300):
        job = make_job()
        Job.objects.filter(pk=job.pk).update(updated_at=now - timedelta(seconds=ago_s))
    make_job(not_before=now + timedelta(hours=1))
    make_job(status=JobStatus.PROCESSING)
    health = queue_health()
    assert (health.pending, health.processing) == (2, 1)
    assert health.oldest_pending_s == pytest.approx(300, abs=20)


@pytest.mark.parametrize(("ago_s", "lately"), [(100, True), (140, False)])
def test_a_job_that_ended_within_two_minutes_ended_lately(
    owner: User, ago_s: int, lately: bool
) -> None:
    make_job(status=JobStatus.COMPLETED, completed_at=timezone.now() - timedelta(seconds=ago_s))
    assert queue_health().ended_lately is lately
