from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from jobs.models import Campaign, Job
from jobs.models.job import JobStatus, QueueRank
from jobs.queue.claim import due
from jobs.queue.lease import Lease, LeaseLost
from jobs.worker import outcome
from jobs.worker.execute import _record_failure
from jobs.worker.lease_expiry import HeldLease
from jobs.worker.reaper import _reap_one, reap
from separation.errors import CorruptAudio, OutOfMemory, WorkerLost
from tests.factories import make_job


def running(**overrides: object) -> Job:
    return make_job(
        status=JobStatus.PROCESSING,
        stages={"prepare": "completed", "separation": "processing"},
        **overrides,
    )


def lost(**overrides: object) -> Job:
    return running(lease_until=timezone.now() - timedelta(seconds=1), **overrides)


def states(job: Job) -> list[str]:
    return [stage.status for stage in job.stages.all()][:2]


def test_an_error_that_may_pass_is_tried_again_after_a_while(owner: User) -> None:
    job = running(attempt=1)
    outcome.attempt_failed(Lease(job), OutOfMemory("Too little memory."))
    job.refresh_from_db()
    assert (job.status, job.attempt) == (JobStatus.PENDING, 1)
    assert job.not_before is not None and job.not_before > timezone.now()
    assert states(job) == ["completed", "pending"]
    assert "Too little memory." in job.progress_message


@pytest.mark.parametrize(("attempt", "wait_s"), [(1, 3.0), (2, 12.0), (3, 48.0)])
def test_each_further_attempt_waits_four_times_as_long(
    owner: User, settings: Settings, attempt: int, wait_s: float
) -> None:
    settings.BACKOFF_S = 3.0
    job = running(attempt=attempt, max_attempts=9)
    now = timezone.now()
    outcome.attempt_failed(Lease(job), OutOfMemory("Too little memory."))
    job.refresh_from_db()
    assert job.not_before is not None
    # The clock runs on while rows are written.
    assert (job.not_before - now).total_seconds() == pytest.approx(wait_s, abs=2.0)


def test_no_pause_is_so_long_that_it_passes_for_the_mistake_of_a_clock(
    owner: User, settings: Settings
) -> None:
    settings.BACKOFF_S = 600.0
    job = running(attempt=5, max_attempts=9)
    outcome.attempt_failed(Lease(job), WorkerLost("gone"))
    assert not Job.objects.filter(due(), pk=job.pk).exists()


def test_the_last_attempt_fails_for_good_with_the_error_on_its_stage(owner: User) -> None:
    job = running(attempt=3, max_attempts=3, manifest={"status": "processing", "version": "2.0"})
    outcome.attempt_failed(Lease(job), OutOfMemory("Too little memory."), stage="separation")
    job.refresh_from_db()
    assert job.status == JobStatus.FAILED
    assert job.error == {"code": "out_of_memory", "detail": "Too little memory."}
    assert job.manifest["status"] == "failed" and job.manifest["error_code"] == "out_of_memory"
    stage = job.stages.get(name="separation")
    assert (stage.status, stage.error_code) == ("failed", "out_of_memory")


def test_an_error_that_never_passes_fails_at_once(owner: User) -> None:
    job = running(attempt=1)
    outcome.attempt_failed(Lease(job), CorruptAudio("It ends early."), stage="prepare")
    job.refresh_from_db()
    assert (job.status, job.error_code) == (JobStatus.FAILED, "corrupt_audio")


def test_a_drained_job_waits_again_and_its_attempt_is_not_charged(owner: User) -> None:
    job = running(attempt=2)
    outcome.give_back(Lease(job))
    job.refresh_from_db()
    assert (job.status, job.attempt, job.not_before) == (JobStatus.PENDING, 1, None)
    assert states(job) == ["completed", "pending"]


@pytest.mark.parametrize("leave", ["drained", "retryable", "reaped", "turn"])
def test_a_wish_to_cancel_is_granted_whichever_way_a_job_leaves_its_worker(
    owner: User, leave: str
) -> None:
    job = lost(cancel_requested_at=timezone.now())
    if leave == "drained":
        outcome.give_back(Lease(job))
    elif leave == "retryable":
        outcome.attempt_failed(Lease(job), OutOfMemory("x"))
    elif leave == "turn":
        outcome.give_way(Lease(job), songs=[], ran_s=1.0)
    else:
        assert reap() == 1
    job.refresh_from_db()
    assert (job.status, job.error) == (JobStatus.CANCELLED, None)


def test_the_reaper_puts_back_jobs_whose_worker_is_silent(owner: User) -> None:
    job, healthy = lost(attempt=1), running()
    assert reap() == 1
    job.refresh_from_db()
    healthy.refresh_from_db()
    assert (job.status, healthy.status) == (JobStatus.PENDING, JobStatus.PROCESSING)
    assert reap() == 0


def test_the_reaper_gives_up_a_job_that_lost_every_worker(owner: User) -> None:
    job = lost(attempt=3, max_attempts=3)
    reap()
    job.refresh_from_db()
    assert (job.status, job.error_code) == (JobStatus.FAILED, "worker_lost")
    assert job.stages.get(name="separation").status == "failed"


def test_a_lease_that_was_renewed_since_the_reaper_looked_is_left_alone(owner: User) -> None:
    job = running(attempt=1, lease_until=timezone.now() + timedelta(seconds=60))
    seen = HeldLease(job.pk, job.lease_token, timezone.now() - timedelta(seconds=60))
    assert not _reap_one(seen)
    job.refresh_from_db()
    assert job.status == JobStatus.PROCESSING and job.lease_token is not None


def test_a_job_that_ended_keeps_its_checkpoint_and_nothing_else_half_done(
    owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = running(attempt=3, max_attempts=3)
    torn = job.directory / "work" / ".tmp-separation-torn"
    saved = job.directory / "work" / ".tmp-separation-saved"
    for folder in (torn, saved):
        folder.mkdir(parents=True)
        (folder / "vocals.wav").write_bytes(b"half")
    (saved / "checkpoint.json").write_text("{}")
    half_written = (
        job.directory / ".manifest.json.77.tmp",
        job.directory / "work" / "..holder.77.tmp",
    )
    for file in half_written:
        file.write_text("{")
    with django_capture_on_commit_callbacks(execute=True):
        outcome.attempt_failed(Lease(job), WorkerLost("gone"))
    assert (torn.exists(), saved.exists()) == (False, True)
    assert not any(file.exists() for file in half_written)


def test_what_the_next_attempt_needs_is_left_alone(
    owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = running(attempt=1, max_attempts=3)
    begun = job.directory / "work" / ".tmp-separation-begun"
    begun.mkdir(parents=True)
    with django_capture_on_commit_callbacks(execute=True):
        outcome.attempt_failed(Lease(job), WorkerLost("gone"))
    assert begun.exists()


def test_who_lost_the_lease_says_nothing_of_a_failure(owner: User) -> None:
    job = running()
    lease = Lease(job)
    Job.objects.update(status=JobStatus.CANCELLED, lease_token=None)
    _record_failure(lease)
    job.refresh_from_db()
    assert (job.status, job.error_code) == (JobStatus.CANCELLED, "")


def gives_way(job: Job, *songs: Job, ran_s: float = 200.0) -> None:
    outcome.give_way(Lease(job), songs=[song.pk for song in songs], ran_s=ran_s)
    for each in (job, *songs):
        each.refresh_from_db()


def test_a_job_that_gives_way_waits_without_a_fault_and_says_why(
    owner: User, stranger: User
) -> None:
    job = running(attempt=2, worker="h:1", progress_percent=43.4, manifest={"version": "2.0"})
    short = make_job(owner=stranger)
    gives_way(job, short)
    assert (job.status, job.attempt, job.not_before, job.error) == ("pending", 1, None, None)
    assert (job.queue_rank, short.queue_rank) == (QueueRank.GAVE_WAY, QueueRank.HAS_TURN)
    assert (job.ran_s, job.worker, job.progress_percent) == (200.0, "h:1", 43.4)
    assert job.preempted_at is not None and job.manifest == {"version": "2.0"}
    assert states(job) == ["completed", "pending"]
    words = "A shorter song of somebody else has a turn; this one goes on at 43 %"
    assert job.progress_message == words


def test_several_songs_that_have_a_turn_are_told_of_as_several(owner: User, stranger: User) -> None:
    job = running()
    gives_way(job, make_job(owner=stranger), make_job(owner=stranger))
    words = "Shorter songs of other people have a turn; this one goes on at 0 %"
    assert job.progress_message == words


def test_the_song_that_an_old_one_gives_way_to_may_be_of_the_same_person(owner: User) -> None:
    campaign = Campaign.objects.create(separator="spectral", request={}, key="k")
    job = running(campaign=campaign, lane="backfill")
    gives_way(job, make_job())
    assert job.progress_message == "A shorter song has a turn; this one goes on at 0 %"


def test_a_song_that_waits_no_more_gets_no_turn(owner: User, stranger: User) -> None:
    job, short = running(), make_job(owner=stranger, status=JobStatus.CANCELLED)
    gives_way(job, short)
    assert short.queue_rank == QueueRank.IN_LINE
    assert (job.queue_rank, job.progress_message) == (QueueRank.GAVE_WAY, "Waiting for a worker")


def test_nothing_of_giving_way_is_written_by_who_lost_the_job(owner: User, stranger: User) -> None:
    job, short = running(), make_job(owner=stranger)
    lease = Lease(job)
    Job.objects.filter(pk=job.pk).update(status=JobStatus.PENDING, lease_token=None)
    with pytest.raises(LeaseLost):
        outcome.give_way(lease, songs=[short.pk], ran_s=1.0)
    assert not Job.objects.filter(queue_rank__gt=QueueRank.IN_LINE).exists()
