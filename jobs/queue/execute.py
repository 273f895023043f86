"""Runs one claimed job in this process's runner, from claim to end."""

import logging
import time

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from jobs.models import Job
from jobs.queue import outcome
from jobs.queue.lease import Lease, LeaseLost
from jobs.queue.record import Recorder
from jobs.queue.runners import current_runner, discard_runner
from jobs.queue.watch import Stop, Watch
from jobs.services.errors import SourceMissing
from separation.errors import Cancelled, DeadlineExceeded, WorkerLost, error_from_code
from separation.jobspec import JobSpec, StageRequest
from separation.protocol import (
    Event,
    FailedEvent,
    FinishedEvent,
    ProgressEvent,
    StageFinishedEvent,
    StageStartedEvent,
)

POLL_S = 0.25
CANCEL_GRACE_S = 0.8
"""How long a runner may take to stop by itself. With LOOK_S and POLL_S before it this stays
below the 2 s within which a cancel works; then the process is killed and its models reload."""

DATABASE_PAUSES_S = (1.0, 3.0, 9.0)
"""A database that restarts is back within seconds, much sooner than a lease runs out."""

LOST = "The process that worked on this song ended unexpectedly."

_log = logging.getLogger("jobs.worker")


def execute(job: Job) -> None:
    """Work on ``job`` until it has an end, or somebody else holds it."""
    lease = Lease(job)
    _log.info("job %s: attempt %s of %s", job.pk, job.attempt, job.max_attempts)
    try:
        _attempt(job, lease)
    except LeaseLost:
        # The folder stays: it belongs to whoever holds the job now, as stages are idempotent.
        discard_runner()
        _log.warning("job %s: the lease is lost, what was made is not recorded", job.pk)
    except Exception:
        discard_runner()
        _log.exception("job %s: the worker failed", job.pk)
        _say_failed(lease)
        raise


def _say_failed(lease: Lease) -> None:
    """The database itself may be what failed; when it stays away, the lease runs out."""
    for pause_s in DATABASE_PAUSES_S:
        try:
            outcome.attempt_failed(lease, WorkerLost(LOST))
        except LeaseLost:
            return
        except DatabaseError:
            _log.warning("job %s: the database cannot be told", lease.job_id, exc_info=True)
            time.sleep(pause_s)
            close_old_connections()
        else:
            return


def _attempt(job: Job, lease: Lease) -> None:
    if not job.source.path.is_file():
        outcome.fail(lease, SourceMissing("The song is no longer stored here. Upload it again."))
        return
    try:
        _Drive(job, lease).run()
    except WorkerLost as error:
        discard_runner()
        _log.warning("job %s: the runner is lost: %s", job.pk, error)
        outcome.attempt_failed(lease, WorkerLost(LOST))


class _Drive:
    """The loop between runner and rows."""

    def __init__(self, job: Job, lease: Lease) -> None:
        self._job = job
        self._lease = lease
        self._recorder = Recorder(lease)
        self._watch = Watch(lease)
        self._cancel_by: float | None = None

    def run(self) -> None:
        """Raises ``LeaseLost``, or ``WorkerLost`` when the runner dies."""
        # A worker that slept since its claim must not start what is no longer its own.
        self._lease.renew()
        for event in current_runner().events(job_spec(self._job, self._lease), POLL_S):
            if event is not None and self._take(event):
                return
            self._recorder.flush()
            if self._is_to_stop():
                return
        raise WorkerLost("the runner told no end")

    def _take(self, event: Event) -> bool:
        """Record one event; true when it was the last."""
        match event:
            case StageStartedEvent():
                self._recorder.stage_started(event)
            case ProgressEvent():
                self._recorder.progress(event)
            case StageFinishedEvent():
                self._recorder.stage_finished(event)
            case FinishedEvent():
                outcome.complete(self._lease, event.manifest)
                return True
            case FailedEvent():
                self._failed(event)
                return True
        return False

    def _failed(self, event: FailedEvent) -> None:
        if event.manifest:
            self._lease.write(manifest=event.manifest)
        if event.code == Cancelled.code:
            self._stopped_by_itself()
            return
        error = error_from_code(event.code, event.detail)
        outcome.attempt_failed(self._lease, error, stage=event.stage)

    def _stopped_by_itself(self) -> None:
        if self._cancel_by is None:
            raise WorkerLost("the runner was told to stop, and not by us")
        outcome.cancel(self._lease)

    def _is_to_stop(self) -> bool:
        if self._cancel_by is not None:
            return self._give_up_waiting(self._cancel_by)
        match self._watch.look():
            case Stop.CANCEL:
                current_runner().cancel(str(self._job.pk))
                self._cancel_by = time.monotonic() + CANCEL_GRACE_S
            case Stop.DEADLINE:
                discard_runner()
                outcome.fail(self._lease, DeadlineExceeded(_too_slow()))
                return True
            case Stop.DRAIN:
                discard_runner()
                outcome.give_back(self._lease)
                return True
        return False

    def _give_up_waiting(self, until: float) -> bool:
        if time.monotonic() < until:
            return False
        discard_runner()
        outcome.cancel(self._lease)
        return True


def _too_slow() -> str:
    hours = settings.MAX_JOB_S / 3600
    return (
        f"The job ran for more than {hours:.2g} hours and was stopped. Choose a faster separator "
        "or a shorter song, or ask whoever runs this server to raise the limit."
    )


def job_spec(job: Job, lease: Lease) -> JobSpec:
    return JobSpec(
        job_id=str(job.pk),
        input_path=job.source.path,
        input_name=job.source.original_name,
        job_dir=job.directory,
        pipeline=tuple(StageRequest.model_validate(stage) for stage in job.pipeline),
        created_at=job.created_at.isoformat(),
        replaces=str(job.replaces_id) if job.replaces_id else None,
        attempt_id=lease.token.hex,
    )
