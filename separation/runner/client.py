"""The client of a runner: starts it, sends it jobs and reads its events.

The worker and the command line use it. It imports nothing heavy.
"""

import contextlib
import logging
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from separation.errors import Internal, SeparationError, WorkerLost
from separation.protocol.jobspec import JobSpec
from separation.protocol.messages import (
    CancelCommand,
    Event,
    FailedEvent,
    FinishedEvent,
    PauseCommand,
    ReadyEvent,
    RunCommand,
    ShutdownCommand,
    StageStartedEvent,
    parse_command,
    parse_event,
)
from separation.runner.settings_transfer import secret_environment, sent_settings
from separation.runner.supervision import NO_LIMITS, Guard, RunnerLimits
from separation.settings import CoreSettings
from separation.system.closeable import Closing
from separation.system.import_root import IMPORT_ROOT
from separation.system.process_tree import resident_bytes

MALLOC_ENVIRONMENT = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(4 << 30),
    "MALLOC_TOP_PAD_": str(64 << 20),
    "MALLOC_ARENA_MAX": "1",
}
"""With these, glibc keeps the pages of freed tensors, and the kernel need not clear new ones for
every layer: a network on a CPU takes a quarter less time. Because pages are kept, all threads share
one arena. Otherwise the threads of each stage fill arenas of their own beside what the separation
has freed (175 MB more after three minutes of song, and more with its length). Other C libraries
ignore these variables."""

_NOT_SENT = (
    "This job cannot be handed to the separation process, as its description is not valid. The log "
    "has the details."
)
_log = logging.getLogger("pipeline")

_READY_WITHIN_S = 60.0
_GONE_WITHIN_S = 5.0
_READ_BYTES = 1 << 16


class RunnerProcess(Closing):
    """One runner and its pipes. Of its methods only :meth:`cancel` and :meth:`pause` are safe
    from other threads.

    It is started by exec in a session of its own, so that Ctrl-C reaches only the parent, which
    then decides. A runner that the main thread made ends with that thread, any other with the
    process. A runner that died is not restarted: make a new one.
    """

    def __init__(
        self,
        settings: CoreSettings,
        *,
        limits: RunnerLimits = NO_LIMITS,
        log_level: str = "INFO",
        stderr: IO[bytes] | int | None = None,
    ) -> None:
        """Start the process, without waiting until it is ready.

        ``limits``: a runner that exceeds them in a job is killed. ``stderr``: where its log goes,
        as for :class:`subprocess.Popen`; by default the parent's.
        """
        settings_json = sent_settings(settings)
        command = [sys.executable, "-m", "separation.runner", *_parent_arguments()]
        self._limits = limits
        self._process = subprocess.Popen(
            [*command, "--settings", settings_json, "--log-level", log_level],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
            env=_environment() | secret_environment(settings),
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._unread = b""
        self._ended = False
        self._peak_bytes = 0
        self._spent = False
        self._was_ready = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return not self._ended and self._process.poll() is None

    @property
    def is_spent(self) -> bool:
        """Whether it must not get another job: its GPU failed, or its memory grew too large."""
        return self._spent

    @property
    def was_ready(self) -> bool:
        """Whether it was ever ready. A runner that ended before did not end because of a job."""
        return self._was_ready

    def memory_bytes(self) -> int:
        """Resident memory of the runner and of all processes that it started; 0 where the system
        does not report it."""
        return resident_bytes(self.pid) if self.alive else 0

    def wait_ready(self, timeout_s: float = _READY_WITHIN_S) -> None:
        """Wait until the runner is ready. Raises ``WorkerLost``."""
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0 and not self._ended:
            if isinstance(self._next_event(left_s), ReadyEvent):
                return
        raise WorkerLost(f"The separation process did not start within {timeout_s:.0f} seconds.")

    def events(self, spec: JobSpec, poll_s: float = 1.0) -> Iterator[Event | None]:
        """Run a job and yield its events, and None whenever ``poll_s`` passed without an event.

        The last event is a ``FinishedEvent`` or a ``FailedEvent``, so the loop always ends: a
        runner that dies yields ``worker_lost``, and one that exceeds its limits is killed and
        yields ``worker_lost`` or ``out_of_memory``.
        """
        try:
            command = _run_command(spec)
        except ValueError as error:
            _log.error("job %s cannot be sent to the runner", spec.job_id, exc_info=error)
            yield _failure(spec.job_id, None, Internal(_NOT_SENT))
            return
        self._send(command)
        stage: str | None = None
        guard = Guard(self.pid, self._limits)
        began = time.monotonic()
        while True:
            poll_began = time.monotonic()
            event = self._next_event(poll_s)
            if event is None and self._ended:
                yield _failure(spec.job_id, stage, self._lost())
                return
            if event is not None:
                guard.event_received()
            elif self._was_ready or poll_began - began > _READY_WITHIN_S:
                guard.silence(time.monotonic() - poll_began, 2 * poll_s)
            if fault := guard.fault():
                self.kill()
                yield _failure(spec.job_id, stage, fault)
                return
            # Events of an abandoned job may still arrive.
            if event is not None and getattr(event, "job_id", None) != spec.job_id:
                continue
            if isinstance(event, StageStartedEvent):
                stage = event.stage
            if isinstance(event, FinishedEvent | FailedEvent):
                self._spent = self._spent or event.replace_runner or self._has_grown()
                yield event
                return
            yield event

    def cancel(self, job_id: str) -> None:
        """Cancel a job; its ``FailedEvent`` then has the code ``cancelled``. May be called from
        another thread and for a job that has ended.

        A job checks for a cancel at least once a block or segment. Where that takes too long,
        :meth:`kill` is safe: finished stages are on disk and unfinished ones are ignored.
        """
        self._send(CancelCommand(job_id=job_id).to_line())

    def pause(self, job_id: str, *, wanted: bool = True) -> None:
        """Have a job stop where it loses nothing; its ``FailedEvent`` then has the code
        ``cancelled``. It may complete before it gets there, and ``wanted=False`` takes the command
        back."""
        self._send(PauseCommand(job_id=job_id, wanted=wanted).to_line())

    def close(self, timeout_s: float = 5.0) -> None:
        """Send the shutdown command, and kill the runner after ``timeout_s``. A running job stops
        and keeps its finished stages."""
        self.peak_memory_bytes()
        self._send(ShutdownCommand().to_line())
        with contextlib.suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
        self._release()

    def kill(self) -> None:
        """End the runner and all processes that it started, at once."""
        if self._process.poll() is None:
            # Its own session makes its process id the id of its group.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._release()

    def peak_memory_bytes(self) -> int:
        """Highest resident memory of the runner so far, without its decoding children; the last
        known figure when it has ended, 0 where the system does not report it (``VmHWM`` of
        Linux)."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    self._peak_bytes = max(self._peak_bytes, int(line.split()[1]) * 1024)
        return self._peak_bytes

    def _send(self, line: bytes) -> None:
        # Reading the events detects a dead runner. Its pipe may be closed (ValueError).
        with contextlib.suppress(OSError, ValueError):
            self._stdin.write(line)
            self._stdin.flush()

    def _next_event(self, timeout_s: float) -> Event | None:
        """The next event; None after ``timeout_s`` or when the runner has ended."""
        deadline = time.monotonic() + timeout_s
        while not self._ended:
            line, newline, unread = self._unread.partition(b"\n")
            if newline:
                self._unread = unread
                return self._parsed(line)
            if not self._selector.select(max(deadline - time.monotonic(), 0.0)):
                return None
            data = os.read(self._stdout.fileno(), _READ_BYTES)
            self._unread += data
            self._ended = not data
        return None

    def _parsed(self, line: bytes) -> Event | None:
        try:
            event = parse_event(line)
        except ValidationError:
            # No runner of ours writes such a line.
            self.kill()
            return None
        self._was_ready = self._was_ready or isinstance(event, ReadyEvent)
        return event

    def _has_grown(self) -> bool:
        """Whether its memory exceeded the limit, by its peak: the guard looks only now and then."""
        limit = self._limits.memory_bytes
        peak = self.peak_memory_bytes()
        return limit is not None and max(peak, self.memory_bytes()) > limit

    def _lost(self) -> WorkerLost:
        try:
            self._process.wait(_GONE_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()
        return WorkerLost(
            "The separation process stopped unexpectedly, perhaps for want of memory. "
            "The job can be retried; its finished stages are kept."
        )

    def _release(self) -> None:
        self._ended = True
        self._selector.close()
        with contextlib.suppress(OSError):
            self._stdin.close()
        self._stdout.close()


def _run_command(spec: JobSpec) -> bytes:
    """Raises ``ValueError`` for a job that the runner could not parse: both sides would wait."""
    line = RunCommand(job=spec).to_line()
    parse_command(line)
    return line


def _failure(job_id: str, stage: str | None, error: SeparationError) -> FailedEvent:
    return FailedEvent(
        job_id=job_id,
        stage=stage,
        code=error.code,
        detail=error.detail,
        retryable=error.retryable,
    )


def _parent_arguments() -> list[str]:
    """With these arguments the kernel ends the runner at once when its parent ends. For the kernel
    the parent is a thread, and only the main thread surely lives as long as its process."""
    if threading.current_thread() is not threading.main_thread():
        return []
    return ["--parent", str(os.getpid())]


def _environment() -> dict[str, str]:
    """The environment of this process; the package can be imported from any current folder."""
    root = str(IMPORT_ROOT)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    return {**os.environ, **MALLOC_ENVIRONMENT, "PYTHONPATH": path}
