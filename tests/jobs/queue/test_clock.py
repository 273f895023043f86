"""Leases go by a clock that nobody sets."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue import clock
from jobs.queue.lease import Lease
from tests.factories import make_job

ROOT = Path(__file__).resolve().parents[3]
HOUR = timedelta(hours=1)


@pytest.fixture
def job(owner: User) -> Job:
    return make_job(status=JobStatus.PROCESSING)


def set_the_clock(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """What a person, or a time server after a long silence, does to the whole machine."""
    wall, aware = time.time, timezone.now
    monkeypatch.setattr(time, "time", lambda: wall() + by.total_seconds())
    monkeypatch.setattr(timezone, "now", lambda: aware() + by)


def is_expired(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk, lease_until__lt=clock.now()).exists()


def test_it_tells_the_time_of_day(job: Job) -> None:
    Job.objects.update(lease_until=clock.now() + timedelta(seconds=30))
    until = Job.objects.get().lease_until
    assert until is not None
    assert abs((until - timezone.now()).total_seconds() - 30) < 5


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_clock_that_is_set_neither_ends_nor_prolongs_a_lease(
    job: Job, monkeypatch: pytest.MonkeyPatch, by: timedelta
) -> None:
    Lease(job).renew()
    before = Job.objects.get().lease_until
    set_the_clock(monkeypatch, by)
    assert not is_expired(job)
    Lease(job).renew()
    after = Job.objects.get().lease_until
    assert before is not None and after is not None
    assert timedelta(0) <= after - before < timedelta(minutes=1)


def test_a_lease_that_ran_out_is_expired_whatever_the_clock_says(
    job: Job, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.LEASE_S = -1
    Lease(job).renew()
    set_the_clock(monkeypatch, -HOUR)
    assert is_expired(job)


def test_all_processes_of_a_machine_have_the_same_clock(job: Job, settings: Settings) -> None:
    """Also one that starts after the clock was set: it asks what the first one understood."""
    ours = clock._started_at(Path(settings.DATA_DIR))
    program = (
        "import time, sys, pathlib; plain = time.time; time.time = lambda: plain() + 3600;"
        "from jobs.queue.clock import _started_at;"
        "print(repr(_started_at(pathlib.Path(sys.argv[1]))))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(settings.DATA_DIR)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "stemsite.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(told.stdout) == ours


def test_what_an_earlier_start_of_the_machine_left_is_removed(settings: Settings) -> None:
    old = Path(settings.DATA_DIR) / ".clock-of-another-start"
    old.write_text("1.0")
    clock._started_at(Path(settings.DATA_DIR))
    assert not old.exists()
    assert len(list(Path(settings.DATA_DIR).glob(".clock-*"))) == 1
