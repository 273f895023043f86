"""What a runner reports, as rows."""

import pytest
from django.contrib.auth.models import User

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue.lease import Lease
from jobs.worker.record import Recorder
from separation.protocol.messages import ProgressEvent, StageStartedEvent
from tests.factories import make_job


@pytest.fixture
def job(owner: User) -> Job:
    return make_job(status=JobStatus.PROCESSING)


def test_words_that_are_too_long_are_cut_to_what_their_columns_hold(job: Job) -> None:
    record, long = Recorder(Lease(job)), "x" * 300
    record.stage_started(StageStartedEvent(job_id=str(job.pk), stage=long, label=long, percent=1.0))
    job.refresh_from_db()
    assert (len(job.progress_stage), len(job.progress_message)) == (64, 255)
    record.progress(
        ProgressEvent(job_id=str(job.pk), stage="y" * 300, percent=2.0, message="y" * 300)
    )
    record.flush()
    job.refresh_from_db()
    assert (job.progress_stage, job.progress_message) == ("y" * 64, "y" * 255)


@pytest.mark.parametrize(("told", "shown"), [(-1.0, 0.0), (0.5, 0.5), (100.5, 100.0)])
def test_progress_stays_between_nothing_and_all(job: Job, told: float, shown: float) -> None:
    record = Recorder(Lease(job))
    record.progress(ProgressEvent(job_id=str(job.pk), stage="separation", percent=told, message=""))
    record.flush()
    job.refresh_from_db()
    assert job.progress_percent == shown


def test_of_reports_that_follow_each_other_at_once_the_first_is_written(job: Job) -> None:
    record = Recorder(Lease(job))
    for percent in (10.0, 20.0):
        record.progress(
            ProgressEvent(job_id=str(job.pk), stage="separation", percent=percent, message="")
        )
        record.flush()
    job.refresh_from_db()
    assert job.progress_percent == 10.0


def test_the_bar_of_a_job_that_goes_on_stands_still_until_it_is_where_it_was(job: Job) -> None:
    record, shown = Recorder(Lease(job), least_percent=43.0), []
    for percent in (0.0, 30.0):
        record.stage_started(
            StageStartedEvent(job_id=str(job.pk), stage="separation", label="", percent=percent)
        )
        shown.append(Job.objects.get().progress_percent)
    for percent in (40.0, 44.0):
        record.progress(
            ProgressEvent(job_id=str(job.pk), stage="separation", percent=percent, message="")
        )
        record._written_at = float("-inf")
        record.flush()
        shown.append(Job.objects.get().progress_percent)
    assert shown == [43.0, 43.0, 43.0, 44.0]


def test_the_beginning_of_a_stage_tells_percent_and_time_left_together(job: Job) -> None:
    told = StageStartedEvent(
        job_id=str(job.pk), stage="export", label="Writing tracks", percent=80.0, eta_s=12.5
    )
    Recorder(Lease(job)).stage_started(told)
    job.refresh_from_db()
    assert (job.progress_percent, job.eta_s) == (80.0, 12.5)
