"""One attempt at one job: the loop that writes the events of the runner to the database.

Events are written in order. While the database is unavailable they are kept in memory and the
runner continues. If the lease expires meanwhile and another worker takes the job, the fence refuses
every later write.
"""

import logging
import socket
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings

from jobs.errors import SourceMissing
from jobs.models import Job
from jobs.queue import drain
from jobs.queue.lease import Lease
from jobs.services.site_models.missing_models import note_missing
from jobs.services.timing.deadline import note_decoded_length, set_deadline, too_slow
from jobs.services.timing.speed import Expected, Work, learn_speeds
from jobs.worker import outcome
from jobs.worker.database_retry import DatabaseRetry
from jobs.worker.giving_way import GivingWay
from jobs.worker.record import Recorder, routing_of
from jobs.worker.runners import current_runner, discard_runner
from jobs.worker.stop_conditions import Stop, StopConditions
from separation.errors import Cancelled, DeadlineExceeded, WorkerLost, error_from_code
from separation.protocol.jobspec import JobSpec, RepeatedJob, StageRequest
from separation.protocol.messages import (
    Event,
    FailedEvent,
    FinishedEvent,
    ProgressEvent,
    StageFinishedEvent,
    StageStartedEvent,
)

if TYPE_CHECKING:
    from separation.runner.client import RunnerProcess

POLL_S = 0.25
CANCEL_GRACE_S = 0.8
"""How long a runner may take to stop by itself. After it the process is killed, and the next one
loads its models again. Together with LOOK_S and POLL_S it stays below the 2 s within which a cancel
must work."""

DRAIN_GRACE_S = 3.0
"""The grace when the worker drains. A window of a network takes up to 2.5 s on two cores, and a
finished window need not be computed again. The grace is at most a quarter of STEMSITE_DRAIN_S."""

REQUEST_S = 1.0
"""How long to wait for a drain request after the runner stopped. When a service stops all its
processes, the runner may get the signal first; this worker gets it within milliseconds."""

LOST = "The process that worked on this song ended unexpectedly."

_log = logging.getLogger("jobs.worker")


class Attempt:
    """Use it once. Every method may raise ``LeaseLost``."""

    def __init__(self, job: Job, lease: Lease) -> None:
        self._job = job
        self._lease = lease
        self._database = DatabaseRetry()
        self._recorder = Recorder(lease, least_percent=job.progress_percent if job.ran_s else 0.0)
        self._giving_way = GivingWay(job)
        self._was_paused = False
        self._expected: Expected | None = None
        self._stop_conditions = StopConditions(job, lease)
        self._unwritten: deque[Callable[[], object]] = deque()
        self._runner: RunnerProcess | None = None
        self._stopping: Stop | None = None
        self._stop_by = float("inf")
        self._ended = False

    def run(self) -> None:
        """Work until the end of the job is written, or cannot be written."""
        self._write(self._begin)
        if not self._wait_until_written():
            return
        if self._job.source.path.is_file():
            self._follow_runner()
        else:
            missing = SourceMissing("The song is no longer stored here. Upload it again.")
            self._end(partial(outcome.fail, self._lease, missing))
        self._wait_until_written()

    def _begin(self) -> None:
        # A worker that was suspended since its claim may no longer hold the job.
        self._lease.renew()
        self._set_deadline()

    def _set_deadline(self) -> None:
        self._job.warnings = list(self._recorder.warnings)
        self._expected = set_deadline(self._job, self._lease)
        self._recorder.warnings = list(self._job.warnings)

    def _follow_runner(self) -> None:
        self._runner = runner = current_runner()
        for event in runner.events(job_spec(self._job, self._lease, self._expected), POLL_S):
            if event is not None:
                self._take(event)
            if not self._ended:
                self._database.run(self._sync_database)
                self._stop_if(self._stop_conditions.check_process())
                self._give_up_waiting()
            if self._ended:
                return
        self._runner_is_lost("it reported no end")

    def _take(self, event: Event) -> None:
        match event:
            case StageStartedEvent():
                self._giving_way.note_progress(event.percent or 0.0)
                self._write(partial(self._recorder.stage_started, event))
            case ProgressEvent():
                self._giving_way.note_progress(event.percent)
                self._recorder.progress(event)
            case StageFinishedEvent():
                self._write(partial(self._recorder.stage_finished, event))
                if note_decoded_length(self._job, event.manifest):
                    self._write(self._set_deadline)
            case FinishedEvent():
                self._end(partial(outcome.complete, self._lease, event.manifest))
                host = socket.gethostname()
                self._write(partial(learn_speeds, self._job, event.manifest, host=host))
                self._write(partial(note_missing, event.manifest, host=host))
            case FailedEvent():
                self._failed(event)

    def _failed(self, event: FailedEvent) -> None:
        if event.code == WorkerLost.code:
            self._runner_is_lost(event.detail, event)
        elif event.code == Cancelled.code and self._stopping is None and self._was_paused:
            self._end(self._give_way)
        elif event.code == Cancelled.code and self._stopping is None:
            self._runner_is_lost("it was told to stop, and not by this worker", event)
        elif event.code == Cancelled.code or self._stopping is Stop.DEADLINE:
            self._end_stopped(event)
        else:
            self._keep_manifest(event)
            error = error_from_code(event.code, event.detail)
            self._end(partial(outcome.attempt_failed, self._lease, error, stage=event.stage))

    def _runner_is_lost(self, why: str, event: FailedEvent | None = None) -> None:
        """End the attempt after the runner ended without a result.

        When the whole service stops, the runner may have received the signal too; that is no
        fault. A runner that does not start is no fault of the job either: if the attempt counted,
        every waiting job would fail.
        """
        if self._stopping is not None or drain.requested(within_s=REQUEST_S):
            self._stopping = self._stopping or Stop.DRAIN
            self._end_stopped(event)
            return
        if self._runner is not None and not self._runner.was_ready:
            _log.critical("no runner comes up, no job can run: its own words are above")
            self._end(partial(outcome.give_back, self._lease, wait_s=outcome.pause_s(2)))
            return
        _log.warning("job %s: the runner is lost: %s", self._job.pk, why)
        self._keep_manifest(event)
        self._end(partial(outcome.attempt_failed, self._lease, WorkerLost(LOST)))

    def _keep_manifest(self, event: FailedEvent | None) -> None:
        if event is not None and event.manifest:
            fields = {"manifest": event.manifest, "routing": routing_of(event.manifest)}
            self._write(partial(self._lease.write, **fields))

    def _stop_if(self, reason: Stop | None) -> None:
        """Request the runner to stop. What it finishes within the grace is kept."""
        if reason is None or self._stopping is not None:
            return
        self._stopping = reason
        grace_s = CANCEL_GRACE_S
        if reason is Stop.DRAIN:
            grace_s = min(DRAIN_GRACE_S, settings.DRAIN_S / 4)
        self._stop_by = time.monotonic() + grace_s
        # Not `current_runner()`, which starts a new runner where this one has just died.
        if self._runner is not None:
            self._runner.cancel(str(self._job.pk))

    def _give_up_waiting(self) -> None:
        if time.monotonic() >= self._stop_by:
            discard_runner()
            self._end_stopped(None)

    def _end_stopped(self, event: FailedEvent | None) -> None:
        if self._stopping is Stop.DRAIN:
            # The manifest says that the job was cancelled, which is wrong, so it is not kept.
            self._end(partial(outcome.give_back, self._lease))
            return
        self._keep_manifest(event)
        if self._stopping is Stop.DEADLINE:
            error = DeadlineExceeded(too_slow(self._job))
            self._end(partial(outcome.fail, self._lease, error))
        else:
            self._end(partial(outcome.cancel, self._lease))

    def _give_way(self) -> None:
        outcome.give_way(self._lease, songs=self._giving_way.songs(), ran_s=self._giving_way.ran_s)

    def _end(self, write: Callable[[], object]) -> None:
        self._ended = True
        self._write(write)

    def _write(self, write: Callable[[], object]) -> None:
        """Queue a write after all earlier ones. It may be tried more than once."""
        self._unwritten.append(write)

    def _sync_database(self) -> None:
        self._write_queued()
        self._recorder.flush()
        self._stop_if(self._stop_conditions.check_job())
        self._pause_if(self._giving_way.new_decision())

    def _pause_if(self, decision: bool | None) -> None:
        """Request a pause, or take it back. Other reasons to stop come first, as they stop the job
        sooner."""
        if decision is not None and self._stopping is None and self._runner is not None:
            self._was_paused = True
            self._runner.pause(str(self._job.pk), wanted=decision)

    def _write_queued(self) -> None:
        while self._unwritten:
            self._unwritten[0]()
            self._unwritten.popleft()

    def _wait_until_written(self) -> bool:
        """Wait until the database has taken everything. Returns False when this worker must stop
        first; then the lease expires and another worker runs the job."""
        drained_at = None
        while not self._database.run(self._write_queued):
            if drain.requested():
                drained_at = drained_at or time.monotonic()
                if time.monotonic() - drained_at > settings.DRAIN_S / 2:
                    _log.error("job %s: the database stays away, stopping", self._job.pk)
                    return False
            time.sleep(POLL_S)
        return True


def job_spec(job: Job, lease: Lease, expected: Expected | None = None) -> JobSpec:
    return JobSpec(
        job_id=str(job.pk),
        input_path=job.source.path,
        input_name=job.source.original_name,
        job_dir=job.directory,
        pipeline=tuple(StageRequest.model_validate(stage) for stage in job.pipeline),
        created_at=job.created_at.isoformat(),
        replaces=str(job.replaces_id) if job.replaces_id else None,
        repeats=_repeated(job.repeats),
        preset=job.request.get("preset"),
        rates=dict(expected.rates) if expected else {},
        audio_s=Work.of_job(job).duration_s or None,
        percent=job.progress_percent,
        attempt_id=lease.token.hex,
    )


def _repeated(job: Job | None) -> RepeatedJob | None:
    if job is None or not job.manifest:
        return None
    files = job.directory if job.audio_deleted_at is None else None
    return RepeatedJob(manifest=job.manifest, files=files)
