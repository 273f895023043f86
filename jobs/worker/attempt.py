"""One attempt at one job: the loop between runner and rows.

What the runner tells is written down in order. While the database is away it is kept, and the
runner works on; nothing is lost but what somebody else does meanwhile with a job whose lease ran
out, and then the fence refuses every write.
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
from jobs.services.timing.deadline import measured_anew, set_deadline, too_slow
from jobs.services.timing.speed import learn_speeds
from jobs.worker import outcome
from jobs.worker.database_retry import DatabaseRetry
from jobs.worker.record import Recorder, routing_of
from jobs.worker.runners import current_runner, discard_runner
from jobs.worker.stop_conditions import Stop, StopConditions
from separation.errors import Cancelled, DeadlineExceeded, WorkerLost, error_from_code
from separation.protocol.jobspec import JobSpec, StageRequest
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
"""How long a runner may take to stop by itself. With LOOK_S and POLL_S before it this stays
below the 2 s within which a cancel works; then the process is killed and its models reload."""

DRAIN_GRACE_S = 3.0
"""The same for a worker that is to stop: a window of a network takes up to 2.5 s on two cores,
and what is finished by then need not be done again. At most a quarter of STEMSITE_DRAIN_S."""

REQUEST_S = 1.0
"""Of the processes of a service that are all told to stop, the runner may be told first; the
others, and so this worker, hear of it within milliseconds."""

LOST = "The process that worked on this song ended unexpectedly."

_log = logging.getLogger("jobs.worker")


class Attempt:
    """Use it once. Every method may raise ``LeaseLost``."""

    def __init__(self, job: Job, lease: Lease) -> None:
        self._job = job
        self._lease = lease
        self._gate = DatabaseRetry()
        self._recorder = Recorder(lease)
        self._watch = StopConditions(job, lease)
        self._unwritten: deque[Callable[[], object]] = deque()
        self._runner: RunnerProcess | None = None
        self._stopping: Stop | None = None
        self._stop_by = float("inf")
        self._ended = False

    def run(self) -> None:
        """Until the job has an end that is written down, or that cannot be."""
        self._write(self._begin)
        if not self._settled():
            return
        if self._job.source.path.is_file():
            self._follow_runner()
        else:
            missing = SourceMissing("The song is no longer stored here. Upload it again.")
            self._end(partial(outcome.fail, self._lease, missing))
        self._settled()

    def _begin(self) -> None:
        # A worker that slept since its claim must not start what is no longer its own.
        self._lease.renew()
        self._set_deadline()

    def _set_deadline(self) -> None:
        self._job.warnings = list(self._recorder.warnings)
        set_deadline(self._job, self._lease)
        self._recorder.warnings = list(self._job.warnings)

    def _follow_runner(self) -> None:
        self._runner = runner = current_runner()
        for event in runner.events(job_spec(self._job, self._lease), POLL_S):
            if event is not None:
                self._take(event)
            if not self._ended:
                self._gate.let(self._tell_and_ask)
                self._stop_if(self._watch.look())
                self._give_up_waiting()
            if self._ended:
                return
        self._runner_is_lost("it told no end")

    def _take(self, event: Event) -> None:
        match event:
            case StageStartedEvent():
                self._write(partial(self._recorder.stage_started, event))
            case ProgressEvent():
                self._recorder.progress(event)
            case StageFinishedEvent():
                self._write(partial(self._recorder.stage_finished, event))
                if measured_anew(self._job, event.manifest):
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
        elif event.code == Cancelled.code and self._stopping is None:
            self._runner_is_lost("it was told to stop, and not by this worker", event)
        elif event.code == Cancelled.code or self._stopping is Stop.DEADLINE:
            self._end_stopped(event)
        else:
            self._keep_manifest(event)
            error = error_from_code(event.code, event.detail)
            self._end(partial(outcome.attempt_failed, self._lease, error, stage=event.stage))

    def _runner_is_lost(self, why: str, event: FailedEvent | None = None) -> None:
        """Where everything is told to stop, the runner may have been too: that is no fault. Nor is
        a runner that does not come up: charging for it would fail every job that waits."""
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
            told = {"manifest": event.manifest, "routing": routing_of(event.manifest)}
            self._write(partial(self._lease.write, **told))

    def _stop_if(self, wish: Stop | None) -> None:
        """Ask the runner to stop; what it finishes within the grace is kept."""
        if wish is None or self._stopping is not None:
            return
        self._stopping = wish
        grace_s = CANCEL_GRACE_S
        if wish is Stop.DRAIN:
            grace_s = min(DRAIN_GRACE_S, settings.DRAIN_S / 4)
        self._stop_by = time.monotonic() + grace_s
        # Not the current one, which is another where this one just died.
        if self._runner is not None:
            self._runner.cancel(str(self._job.pk))

    def _give_up_waiting(self) -> None:
        if time.monotonic() >= self._stop_by:
            discard_runner()
            self._end_stopped(None)

    def _end_stopped(self, event: FailedEvent | None) -> None:
        if self._stopping is Stop.DRAIN:
            # Its manifest says that the job was cancelled, and it was not.
            self._end(partial(outcome.give_back, self._lease))
            return
        self._keep_manifest(event)
        if self._stopping is Stop.DEADLINE:
            error = DeadlineExceeded(too_slow(self._job))
            self._end(partial(outcome.fail, self._lease, error))
        else:
            self._end(partial(outcome.cancel, self._lease))

    def _end(self, write: Callable[[], object]) -> None:
        self._ended = True
        self._write(write)

    def _write(self, write: Callable[[], object]) -> None:
        """Have something written after all that came before; it may be tried more than once."""
        self._unwritten.append(write)

    def _tell_and_ask(self) -> None:
        self._tell()
        self._recorder.flush()
        self._stop_if(self._watch.ask())

    def _tell(self) -> None:
        while self._unwritten:
            self._unwritten[0]()
            self._unwritten.popleft()

    def _settled(self) -> bool:
        """Wait until the database has taken everything; False when this worker is to stop and
        cannot wait: the lease runs out, and the job is taken up again."""
        drained_at = None
        while not self._gate.let(self._tell):
            if drain.requested():
                drained_at = drained_at or time.monotonic()
                if time.monotonic() - drained_at > settings.DRAIN_S / 2:
                    _log.error("job %s: the database stays away, stopping", self._job.pk)
                    return False
            time.sleep(POLL_S)
        return True


def job_spec(job: Job, lease: Lease) -> JobSpec:
    return JobSpec(
        job_id=str(job.pk),
        input_path=job.source.path,
        input_name=job.source.original_name,
        job_dir=job.directory,
        pipeline=tuple(StageRequest.model_validate(stage) for stage in job.pipeline),
        created_at=job.created_at.isoformat(),
        replaces=str(job.replaces_id) if job.replaces_id else None,
        preset=job.request.get("preset"),
        attempt_id=lease.token.hex,
    )
