"""How long a job took, on the page of one that has ended."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.models.job import JobStatus
from jobs.web.results import facts
from tests.factories import make_job


@pytest.mark.parametrize(
    ("status", "said"),
    [(JobStatus.COMPLETED, "90 s"), (JobStatus.FAILED, "90 s"), (JobStatus.CANCELLED, None)],
)
def test_a_job_that_may_have_waited_at_its_end_says_no_time(
    owner: User, status: JobStatus, said: str | None
) -> None:
    now = timezone.now()
    job = make_job(status=status, started_at=now - timedelta(seconds=90), completed_at=now)
    assert dict(facts(job)).get("Time taken") == said


def test_what_ran_before_others_had_a_turn_counts_and_their_turn_does_not(owner: User) -> None:
    now = timezone.now()
    job = make_job(
        status=JobStatus.COMPLETED,
        started_at=now - timedelta(seconds=30),
        completed_at=now,
        preempted_at=now - timedelta(seconds=90),
        ran_s=45.0,
    )
    assert dict(facts(job))["Time taken"] == "75 s"
