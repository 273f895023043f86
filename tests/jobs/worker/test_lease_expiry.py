"""Leases end by what a reaper sees, not by what a clock says."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue.lease import Lease, LeaseLost
from jobs.worker.lease_expiry import Expiry
from jobs.worker.reaper import reap
from tests.factories import make_job

EVERY_S = 15.0


class Reaper:
    """Looks every 15 s of its own time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.expiry = Expiry(every_s=EVERY_S, monotonic=lambda: self.now)

    def look(self, *, after_s: float = EVERY_S) -> int:
        self.now += after_s
        return reap(self.expiry)


@pytest.fixture
def reaper(settings: Settings) -> Reaper:
    settings.LEASE_S = 90
    return Reaper()


@pytest.fixture
def job(owner: User) -> Job:
    return make_job(status=JobStatus.PROCESSING)


def in_hours(hours: int) -> object:
    return timezone.now() + timedelta(hours=hours)


def test_the_first_look_takes_up_at_once_what_was_left_long_ago(reaper: Reaper, job: Job) -> None:
    living = make_job(status=JobStatus.PROCESSING)
    Job.objects.filter(pk=job.pk).update(lease_until=in_hours(-1))
    assert reaper.look() == 1
    job.refresh_from_db()
    living.refresh_from_db()
    assert (job.status, living.status) == (JobStatus.PENDING, JobStatus.PROCESSING)
    assert job.attempt == 1 and job.not_before is not None


def test_a_lease_that_nobody_renews_ends_after_its_time(reaper: Reaper, job: Job) -> None:
    assert [reaper.look() for _ in range(8)] == [0, 0, 0, 0, 0, 0, 1, 0]


def test_a_lease_that_a_clock_prolonged_by_hours_does_not_last_for_hours(
    reaper: Reaper, job: Job
) -> None:
    Job.objects.update(lease_until=in_hours(5))
    assert sum(reaper.look() for _ in range(7)) == 1


def test_a_worker_that_renews_keeps_its_job_whatever_the_clocks_say(
    reaper: Reaper, job: Job
) -> None:
    reaper.look()
    for minute in range(20):
        # A lease that is over before it was written: the host's clock is an hour late.
        until = timezone.now() - timedelta(minutes=60 - minute)
        Job.objects.update(lease_until=until)
        assert reaper.look() == 0
    Lease(job).renew()


def test_time_in_which_nobody_could_look_does_not_count(reaper: Reaper, job: Job) -> None:
    """The database was away for an hour, or the machine slept: the worker renews first."""
    reaper.look()
    reaper.look()
    assert reaper.look(after_s=3600) == 0
    Lease(job).renew()
    assert reaper.look() == 0


def test_a_lease_that_is_renewed_between_look_and_grip_is_kept(
    reaper: Reaper, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(6):
        reaper.look()
    seen = reaper.expiry.expired

    def over_and_then_renewed() -> object:
        leases = seen()
        Lease(job).renew()
        return leases

    monkeypatch.setattr(reaper.expiry, "expired", over_and_then_renewed)
    assert reaper.look() == 0
    Lease(job).renew()


def test_who_lost_the_lease_can_write_no_more(reaper: Reaper, job: Job) -> None:
    Job.objects.update(lease_until=in_hours(-1))
    reaper.look()
    with pytest.raises(LeaseLost):
        Lease(job).renew()


def test_a_job_out_of_attempts_ends_by_name(reaper: Reaper, job: Job) -> None:
    Job.objects.update(lease_until=in_hours(-1), attempt=3, max_attempts=3)
    assert reaper.look() == 1
    job.refresh_from_db()
    assert (job.status, job.error_code) == (JobStatus.FAILED, "worker_lost")


def test_a_look_that_is_a_little_late_counts_in_full(reaper: Reaper, job: Job) -> None:
    assert [reaper.look(after_s=25.0) for _ in range(6)] == [0, 0, 0, 0, 1, 0]
