"""The process that does the work: ``python -m separation.runner --settings JSON``.

Reads commands from standard input, writes events to the descriptor of standard output, runs one job
at a time and keeps separators loaded between jobs (see :mod:`separation.protocol.messages`). It
ends when standard input is closed or its parent is gone, also in the middle of a job. SIGTERM ends
it at the job's next report: an init system sends SIGTERM to every process of a service, and so the
worker still receives the job's last event.
"""

import argparse
import dataclasses
import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections import OrderedDict
from functools import partial

from pydantic import ValidationError

from separation import CODE_VERSION
from separation.base import SeparatorModel, SeparatorOptions
from separation.engine.health import device_has_failed, free_device_cache
from separation.errors import Cancelled, Internal, SeparationError, WorkerLost
from separation.pipeline.rates import Rates
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import JobSpec
from separation.protocol.messages import (
    AliveEvent,
    CancelCommand,
    Command,
    Event,
    FailedEvent,
    FinishedEvent,
    PauseCommand,
    ReadyEvent,
    RunCommand,
    parse_command,
)
from separation.registry import SeparatorFactory
from separation.runner.settings_transfer import received_settings
from separation.settings import CoreSettings
from separation.stages.registry import import_late_parts, import_stages
from separation.system.processes import end_with_parent

LOG_FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
KEPT_SEPARATORS = 4
"""A model in memory costs gigabytes; two are enough for the usual change between two models. A job
needs two separators: the chosen one, which has no model in memory, and the one of its route."""

_END_WITHIN_S = 1.5
"""How long a job may take to notice that its worker is gone; then the process ends at once."""

_PARENT_POLL_S = 0.5
_IDLE_S = 5.0
"""After so long without a job a runner imports what jobs need for their last stage."""

ALIVE_EVERY_S = 5.0
"""How often work without progress, such as hashing hours of sound, sends a sign of life."""

_log = logging.getLogger("pipeline")


class SeparatorCache:
    """Separators by name and options; above the limit the least recently used one is closed."""

    def __init__(self, limit: int = KEPT_SEPARATORS) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, SeparatorOptions], SeparatorModel] = OrderedDict()

    def __call__(self, name: str, options: SeparatorOptions) -> SeparatorModel:
        """The same object for the same arguments. Raises what the factory raises."""
        key = (name, options)
        if key not in self._kept:
            chosen = {f.name: getattr(options, f.name) for f in dataclasses.fields(options)}
            self._kept[key] = SeparatorFactory.create_separator(name, **chosen)
        self._kept.move_to_end(key)
        while len(self._kept) > self._limit:
            _, oldest = self._kept.popitem(last=False)
            oldest.close()
        return self._kept[key]


class EventPipe:
    """Writes events whole, from any thread, to the descriptor that was standard output."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._sent_at = time.monotonic()

    @property
    def silent_s(self) -> float:
        """Seconds since the last event."""
        return time.monotonic() - self._sent_at

    def send(self, event: Event) -> None:
        line = memoryview(event.to_line())
        with self._lock:
            self._sent_at = time.monotonic()
            while line:
                try:
                    line = line[os.write(self._descriptor, line) :]
                except BrokenPipeError:
                    # The worker is gone, so no command to stop will come either.
                    os._exit(1)


class StopSignal:
    """Why the running job must stop at its next report."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: str | None = None
        self._cancelled: set[str] = set()
        self._paused: set[str] = set()
        self._worker_gone = False

    def begin(self, job_id: str) -> None:
        with self._lock:
            self._running = job_id

    def end(self) -> None:
        with self._lock:
            self._forget(self._running or "")
            self._running = None

    def expect(self, job_id: str) -> None:
        """Forget earlier commands for a job that is to run now: an earlier attempt was meant."""
        with self._lock:
            self._forget(job_id)

    def cancel(self, job_id: str) -> None:
        """Cancel a job that runs or waits."""
        with self._lock:
            self._cancelled.add(job_id)

    def pause(self, job_id: str, *, wanted: bool) -> None:
        with self._lock:
            (self._paused.add if wanted else self._paused.discard)(job_id)

    def wants_pause(self) -> bool:
        """Whether the running job must stop where it loses nothing."""
        return self._running in self._paused

    def worker_is_gone(self) -> None:
        self._worker_gone = True

    def check(self) -> None:
        """Raises ``Cancelled`` or ``WorkerLost``."""
        if self._worker_gone:
            raise WorkerLost("The worker stopped while it ran this job; it will be tried again.")
        if self._running in self._cancelled:
            raise Cancelled("The job was cancelled.")

    def _forget(self, job_id: str) -> None:
        self._cancelled.discard(job_id)
        self._paused.discard(job_id)


class Runner:
    """One runner: a thread reads commands, the main thread runs jobs."""

    def __init__(self, settings: CoreSettings, commands: int, events: EventPipe) -> None:
        self._settings = settings
        self._commands = commands
        self._events = events
        self._jobs: queue.SimpleQueue[JobSpec | None] = queue.SimpleQueue()
        self._stop = StopSignal()
        self._separators = SeparatorCache()
        self._rates = Rates()
        self._parent = os.getppid()

    def serve(self) -> None:
        """Run jobs until the worker closes standard input, sends the shutdown command or is
        gone."""
        signal.signal(signal.SIGTERM, lambda *_: self._end_soon())
        threading.Thread(target=self._read_commands, name="commands", daemon=True).start()
        threading.Thread(target=self._watch_parent, name="parent", daemon=True).start()
        # The import takes seconds from a cold disk; in the first job it would delay its events.
        import_stages()
        self._events.send(ReadyEvent(pid=os.getpid(), code_version=CODE_VERSION))
        while (job := self._next_job()) is not None:
            self._run(job)

    def _next_job(self) -> JobSpec | None:
        """The next job; None at the end. What a job needs for its last stage only is imported while
        no job waits, so that a waiting job starts at once."""
        try:
            return self._jobs.get(timeout=_IDLE_S)
        except queue.Empty:
            import_late_parts()
            return self._jobs.get()

    def _run(self, job: JobSpec) -> None:
        self._stop.begin(job.job_id)
        try:
            run_pipeline(
                job,
                self._settings,
                separators=self._separators,
                observer=self._send,
                check=partial(self._check, job.job_id),
                pause=self._stop.wants_pause,
                rates=self._rates,
            )
        except SeparationError as error:
            # The pipeline has sent the event of the failure; the runner is ready for the next job.
            _log.info("job %s ended with %s", job.job_id, error.code)
        finally:
            self._stop.end()
            free_device_cache()

    def _send(self, event: Event) -> None:
        if isinstance(event, FinishedEvent | FailedEvent) and device_has_failed():
            event = event.model_copy(update={"replace_runner": True})
        self._events.send(event)

    def _check(self, job_id: str) -> None:
        """The work calls this wherever it can stop, so a call is also a sign of life."""
        self._stop.check()
        if self._events.silent_s >= ALIVE_EVERY_S:
            self._events.send(AliveEvent(job_id=job_id))

    def _read_commands(self) -> None:
        with os.fdopen(self._commands, "rb") as lines:
            for line in lines:
                try:
                    command = parse_command(line)
                except ValidationError as error:
                    _log.error("not a command: %r", line[:200], exc_info=error)
                    self._refuse(line)
                    continue
                if not self._handle(command):
                    break
        self._end()

    def _refuse(self, line: bytes) -> None:
        """Report a job that cannot run to the worker that waits for it."""
        try:
            job_id = json.loads(line)["job"]["job_id"]
        except (ValueError, LookupError, TypeError, RecursionError):
            return
        self._events.send(
            FailedEvent(
                job_id=str(job_id),
                stage=None,
                code=Internal.code,
                detail="The separation process cannot read what it is asked to do.",
                retryable=Internal.retryable,
            )
        )

    def _handle(self, command: Command) -> bool:
        """Whether the runner goes on after this command."""
        if isinstance(command, RunCommand):
            self._stop.expect(command.job.job_id)
            self._jobs.put(command.job)
        elif isinstance(command, CancelCommand):
            self._stop.cancel(command.job_id)
        elif isinstance(command, PauseCommand):
            self._stop.pause(command.job_id, wanted=command.wanted)
        else:
            return False
        return True

    def _end_soon(self) -> None:
        """End at the next report. Safe in a signal handler: no call takes a lock that the signal
        may have interrupted."""
        self._stop.worker_is_gone()
        self._jobs.put(None)

    def _end(self) -> None:
        self._end_soon()
        time.sleep(_END_WITHIN_S)
        os._exit(1)

    def _watch_parent(self) -> None:
        # Needed where there is no prctl or where a thread started the runner: the pipe of commands
        # stays open when a forked sibling of the worker has inherited its end.
        while os.getppid() == self._parent:
            time.sleep(_PARENT_POLL_S)
        self._end()


def take_standard_streams() -> tuple[int, int]:
    """The descriptors for commands and events. Standard input and output are redirected, so that
    libraries cannot use them."""
    commands, events = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return commands, events


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m separation.runner")
    parser.add_argument("--settings", default="{}", help="CoreSettings as JSON")
    parser.add_argument("--log-level", default="INFO")
    parser.add_argument("--parent", type=int, help="process to end with, in native code too")
    options = parser.parse_args(arguments)
    if options.parent is not None:
        end_with_parent(parent=options.parent)
    settings = received_settings(options.settings)
    commands, events = take_standard_streams()
    logging.basicConfig(level=options.log_level.upper(), format=LOG_FORMAT, stream=sys.stderr)
    Runner(settings, commands, EventPipe(events)).serve()


if __name__ == "__main__":
    main()
