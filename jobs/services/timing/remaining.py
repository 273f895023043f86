"""The expected time of waiting songs, and the remaining time of running jobs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue.caps import Account
from jobs.queue.preemption import LongJob
from jobs.services.timing.speed import Expected, Speeds, Work
from separation.base import ResumableSeparator
from separation.errors import SeparationError
from separation.registry import SeparatorFactory

OVERDUE = 0.1
"""A job that exceeds its expected time is assumed to need this share of that time still."""

WORK_COLUMNS = ("separator", "model_name", "source__duration_s", "pipeline")
"""The columns of :meth:`Work.of`."""

_COLUMNS = (
    *("pk", "owner_id", "campaign_id", "lane", "priority", "worker"),
    *("started_at", "preempted_at", "ran_s", "eta_s", *WORK_COLUMNS),
)


@dataclass(frozen=True)
class Remaining:
    """``is_guess``: neither the runner nor learned speeds give an estimate."""

    seconds: float
    is_guess: bool


class Estimates:
    """Estimates at the time ``now`` from the speeds that were learned on ``hosts``."""

    def __init__(self, hosts: Collection[str], now: datetime) -> None:
        self._speeds = Speeds.load()
        self._hosts = hosts
        self._now = now

    def expected(self, work: Work) -> Expected:
        return self._speeds.expect(work, hosts=self._hosts)

    def remaining(self, row: Mapping[str, Any]) -> Remaining:
        """The estimate of the runner, which the page of the job shows; before the first one, that
        of learned speeds. ``row``: a row of :func:`running_jobs`."""
        if row["eta_s"] is not None:
            return Remaining(float(row["eta_s"]), is_guess=False)
        expected = self.expected(work_of(row))
        elapsed_s = row["ran_s"] + self.since_s(row)
        left_s = max(expected.seconds - elapsed_s, expected.seconds * OVERDUE)
        return Remaining(left_s, is_guess=not expected.learned)

    def since_s(self, row: Mapping[str, Any]) -> float:
        """Seconds since the job started or went on."""
        return float((self._now - (row["started_at"] or self._now)).total_seconds())

    def long_job(self, row: Mapping[str, Any], *, ran_s: float | None = None) -> LongJob:
        """The job for the rule of turns. Its remaining time is None where it keeps no checkpoints,
        as it cannot give way then. ``ran_s``: seconds since it started or went on; by default from
        its row."""
        left = self.remaining(row)
        known = not left.is_guess and keeps_checkpoints(row["separator"])
        return LongJob(
            account_of(row),
            row["lane"],
            row["priority"],
            left.seconds if known else None,
            self.since_s(row) if ran_s is None else ran_s,
            lost_s(row["preempted_at"], row["started_at"]),
        )


def keeps_checkpoints(separator: str) -> bool:
    """Whether a job with this separator can stop in the middle of the song and resume there."""
    if not settings.CHECKPOINT_S:
        return False
    try:
        found = SeparatorFactory.separator_class(separator)
    except SeparationError:
        # Only the runner can import this plug-in. The job stops between two stages at the latest.
        return True
    return issubclass(found, ResumableSeparator)


def lost_s(preempted_at: datetime | None, went_on_at: datetime | None) -> float:
    """The length of the last turn in seconds; at least 0, as the clocks of two hosts may differ."""
    if preempted_at is None or went_on_at is None:
        return 0.0
    return max((went_on_at - preempted_at).total_seconds(), 0.0)


def running_jobs() -> list[dict[str, Any]]:
    running = Job.objects.filter(status=JobStatus.PROCESSING).order_by("started_at")
    return list(running.values(*_COLUMNS))


def account_of(row: Mapping[str, Any]) -> Account:
    return row["owner_id"], row["campaign_id"] is not None


def work_of(row: Mapping[str, Any]) -> Work:
    return Work.of(*(row[name] for name in WORK_COLUMNS))
