import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.models import Artifact, Job
from jobs.models.job import JobStatus
from jobs.queue.lease import Lease, LeaseLost
from jobs.worker import outcome
from jobs.worker.record import Recorder
from separation.errors import OutOfMemory
from separation.protocol.messages import ProgressEvent, StageFinishedEvent, StageStartedEvent
from tests.factories import make_job

MANIFEST = {
    "version": "2.0",
    "status": "completed",
    "stages": [],
    "artifacts": [
        {
            "name": "vocals", "stage": "separation", "path": "spectral_output/vocals.wav",
            "format": "wav24", "sha256": "0" * 64, "size_bytes": 10, "frames": 5,
            "sample_rate_hz": 44100, "channels": 2, "duration_s": 0.1, "gain_db": 0.0,
            "peak_dbfs": -1.0, "true_peak_dbtp": -0.9, "loudness_lufs": None,
        }
    ],
}  # fmt: skip


@pytest.fixture
def job(owner: User) -> Job:
    return make_job(status=JobStatus.PROCESSING)


@pytest.fixture
def lease(job: Job) -> Lease:
    return Lease(job)


@pytest.fixture
def stolen(job: Job) -> Lease:
    """A lease whose job somebody else has taken over since."""
    lease = Lease(job)
    Job.objects.update(lease_token=uuid.uuid4())
    return lease


def started(job: Job) -> StageStartedEvent:
    return StageStartedEvent(job_id=str(job.pk), stage="separation")


def finished(job: Job) -> StageFinishedEvent:
    return StageFinishedEvent(
        job_id=str(job.pk), stage="separation", key="k" * 64, version=3, duration_s=1.5,
        reused=False, warnings=("quiet",), details={"stems": 4}, manifest={"version": "2.0"},
    )  # fmt: skip


def told(job: Job, percent: float) -> ProgressEvent:
    return ProgressEvent(
        job_id=str(job.pk), stage="separation", percent=percent, message="Working", eta_s=9.0
    )


def test_every_write_renews_the_lease(job: Job, lease: Lease) -> None:
    Job.objects.update(lease_until=timezone.now() + timedelta(seconds=1))
    lease.write(progress_message="x")
    job.refresh_from_db()
    assert job.lease_until > timezone.now() + timedelta(seconds=60)  # type: ignore[operator]


def test_a_stage_that_begins_replaces_what_the_one_before_had_to_say(
    job: Job, lease: Lease
) -> None:
    recorder = Recorder(lease)
    recorder.progress(
        ProgressEvent(job_id=str(job.pk), stage="prepare", percent=29.0, message="Loading")
    )
    recorder.stage_started(
        StageStartedEvent(
            job_id=str(job.pk), stage="separation", label="Separating stems", percent=30.0
        )
    )
    recorder.flush()
    job.refresh_from_db()
    assert (job.progress_stage, job.progress_percent, job.progress_message) == (
        "separation", 30.0, "Separating stems",
    )  # fmt: skip


def test_stages_are_recorded_as_they_run(job: Job, lease: Lease) -> None:
    recorder = Recorder(lease)
    recorder.stage_started(started(job))
    assert job.stages.get(name="separation").status == "processing"
    recorder.stage_finished(finished(job))
    stage = job.stages.get(name="separation")
    assert (stage.status, stage.version, stage.key) == ("completed", 3, "k" * 64)
    assert (stage.duration_s, stage.details) == (1.5, {"stems": 4})
    job.refresh_from_db()
    assert (job.manifest, job.warnings) == ({"version": "2.0"}, ["quiet"])


def test_progress_is_written_at_most_every_half_second(job: Job, lease: Lease) -> None:
    recorder = Recorder(lease)
    for percent in (10.0, 20.0, 30.0):
        recorder.progress(told(job, percent))
        recorder.flush()
    job.refresh_from_db()
    assert (job.progress_percent, job.progress_message, job.eta_s) == (10.0, "Working", 9.0)


def test_who_lost_the_lease_writes_nothing(job: Job, stolen: Lease) -> None:
    recorder = Recorder(stolen)
    recorder.progress(told(job, 50.0))
    writes = (
        stolen.renew,
        recorder.flush,
        lambda: recorder.stage_started(started(job)),
        lambda: recorder.stage_finished(finished(job)),
        lambda: outcome.complete(stolen, MANIFEST),
        lambda: outcome.fail(stolen, OutOfMemory("x"), stage="separation"),
        lambda: outcome.attempt_failed(stolen, OutOfMemory("x")),
        lambda: outcome.cancel(stolen),
        lambda: outcome.give_back(stolen),
    )
    before = Job.objects.values().get()
    for write in writes:
        with pytest.raises(LeaseLost):
            write()
    assert Job.objects.values().get() == before
    assert set(job.stages.values_list("status", flat=True)) == {"pending"}
    assert not Artifact.objects.exists()


def test_completion_stores_artifacts_and_ends_the_lease_in_one_step(job: Job, lease: Lease) -> None:
    Artifact.objects.create(
        job=job, position=0, name="stale", path="x", frames=1, size_bytes=1, sample_rate_hz=1,
        channels=1, duration_s=1,
    )  # fmt: skip
    outcome.complete(lease, MANIFEST)
    job.refresh_from_db()
    assert (job.status, job.progress_percent) == (JobStatus.COMPLETED, 100.0)
    assert job.lease_token is None and job.completed_at is not None
    artifact = job.artifacts.get()
    assert (artifact.name, artifact.stage_name) == ("vocals", "separation")
    with pytest.raises(LeaseLost):
        lease.renew()


def test_a_manifest_that_misses_facts_completes_nothing(job: Job, lease: Lease) -> None:
    with pytest.raises(KeyError):
        outcome.complete(lease, {"artifacts": [{"name": "vocals", "stage": "separation"}]})
    job.refresh_from_db()
    assert job.status == JobStatus.PROCESSING and not job.artifacts.exists()
