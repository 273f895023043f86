from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.services.progress import duration_words, job_progress, progress_etag
from tests.factories import make_job


def test_a_running_job_tells_stage_percent_and_time_left(owner: User) -> None:
    job = make_job(
        status=JobStatus.PROCESSING,
        progress_percent=41.26,
        progress_stage="separation",
        progress_message="Separating stems",
        eta_s=95.0,
        stages={"prepare": "completed", "separation": "processing"},
    )
    told = job_progress(job)
    assert (told.percent, told.stage, told.eta) == (41.3, "separation", "1 min 35 s")
    assert [stage.status for stage in told.stages][:3] == ["completed", "processing", "pending"]


def test_a_wish_to_cancel_shows_until_it_is_granted(owner: User) -> None:
    job = make_job(status=JobStatus.PROCESSING, cancel_requested_at=timezone.now())
    assert job_progress(job).label == "Cancelling"


def test_a_waiting_job_knows_how_many_are_before_it(owner: User) -> None:
    earlier = timezone.now() - timedelta(minutes=1)
    make_job(created_at=earlier)
    make_job(created_at=earlier, status=JobStatus.PROCESSING)
    make_job(created_at=earlier, lane="backfill")
    assert job_progress(make_job()).ahead == 1


def test_the_etag_changes_with_what_is_shown_and_only_then(owner: User) -> None:
    job = make_job(status=JobStatus.PROCESSING)
    before = progress_etag(job_progress(job))
    Job.objects.update(lease_until=timezone.now())
    assert progress_etag(job_progress(Job.objects.get())) == before
    Job.objects.update(progress_percent=7.0)
    assert progress_etag(job_progress(Job.objects.get())) != before


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0.4, "0 s"), (59.6, "1 min 0 s"), (3661, "1 h 1 min"), (-3, "0 s")],
)
def test_durations_are_told_in_words(seconds: float | None, words: str) -> None:
    assert duration_words(seconds) == words
