import pytest
from django.contrib.auth.models import User
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from jobs.errors import JobConflict, SourceMissing
from jobs.models.job import JobStatus
from jobs.models.stage import StageStatus
from jobs.services.job.retry import retry_job
from separation.errors import QuotaExceeded
from tests.factories import make_job, make_source


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_job_waits_again_with_all_attempts_and_no_error(
    owner: User,
    status: JobStatus,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    job = make_job(status=status, attempt=3)
    with django_capture_on_commit_callbacks(execute=True):
        job = retry_job(job=job)
    assert (job.status, job.attempt, job.error) == (JobStatus.PENDING, 0, None)
    assert not job.cancel_requested and job.completed_at is None
    assert OrmQ.objects.count() == 1


def test_finished_stages_are_kept_and_the_others_wait(owner: User) -> None:
    job = make_job(
        status=JobStatus.FAILED,
        stages={"prepare": "completed", "separation": "failed", "composite": "skipped"},
    )
    job.stages.filter(name="separation").update(error_code="out_of_memory", duration_s=3.0)
    retry_job(job=job)
    states = {stage.name: stage for stage in job.stages.all()}
    assert states.pop("prepare").status == StageStatus.COMPLETED
    assert {stage.status for stage in states.values()} == {StageStatus.PENDING}
    assert states["separation"].error_code == "" and states["separation"].duration_s is None


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.PROCESSING, JobStatus.COMPLETED])
def test_a_job_that_runs_or_is_done_is_not_run_again(owner: User, status: JobStatus) -> None:
    job = make_job(status=status)
    with pytest.raises(JobConflict):
        retry_job(job=job)
    job.refresh_from_db()
    assert job.status == status


def test_a_song_that_is_gone_cannot_be_retried(owner: User) -> None:
    job = make_job(status=JobStatus.FAILED, source=make_source(content=b""))
    with pytest.raises(SourceMissing):
        retry_job(job=job)


def test_a_retry_counts_like_a_new_job(owner: User, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS = 1
    make_job(owner=owner)
    with pytest.raises(QuotaExceeded):
        retry_job(job=make_job(owner=owner, status=JobStatus.FAILED))


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_does_not_undo_the_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reaper puts the ticket that is missing."""

    def away(lane: str) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr("jobs.services.job.retry.put_ticket", away)
    job = make_job(status=JobStatus.FAILED)
    assert retry_job(job=job).status == JobStatus.PENDING


def test_a_retry_needs_no_room_beside_the_song_that_is_there(
    owner: User, settings: Settings
) -> None:
    job = make_job(status=JobStatus.FAILED)
    settings.MAX_STORED_BYTES = job.source.size_bytes
    assert retry_job(job=job).status == JobStatus.PENDING
