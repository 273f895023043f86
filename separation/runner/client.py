"""The other end of the runner: starts it, sends it jobs, reads what happens.

Used by the worker and by the command line alike; neither imports anything heavy.
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
    ReadyEvent,
    RunCommand,
    ShutdownCommand,
    StageStartedEvent,
    parse_command,
    parse_event,
)
from separation.runner.settings_transfer import secret_environment, told_settings
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
"""glibc then keeps the pages of freed tensors instead of having the kernel clear new ones for
every layer: a quarter less time for a network on a CPU. As it keeps them, all threads share one
arena: else the threads of each stage fill arenas of their own beside what the separation has freed
(175 MB more after three minutes of song, and more with its length). Other C libraries ignore these.
"""

_NOT_TOLD = (
    "This job cannot be handed to the separation process, as its description is not valid. The log "
    "has the details."
)
_log = logging.getLogger("pipeline")

_READY_WITHIN_S = 60.0
_GONE_WITHIN_S = 5.0
_READ_BYTES = 1 << 16


class RunnerProcess(Closing):
    """One runner and its pipes. Not for use from several threads, but for :meth:`cancel`.

    It is started by exec in a session of its own, so that Ctrl-C reaches the parent first, which
    then decides. It ends with the thread that made this object where that is the main one, else
    with the process. A runner that died is not brought back: make a new one.
    """

    def __init__(
        self,
        settings: CoreSettings,
        *,
        limits: RunnerLimits = NO_LIMITS,
        log_level: str = "INFO",
        stderr: IO[bytes] | int | None = None,
    ) -> None:
        """Start the process; it becomes ready while the caller does something else.

        ``limits``: beyond these it is killed in a job. ``stderr``: where its log goes, as for
        :class:`subprocess.Popen`; by default the parent's.
        """
        settings_json = told_settings(settings)
        command = [sys.executable, "-m", "separation.runner", *_whom_to_follow()]
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
        self._came_up = False

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
    def came_up(self) -> bool:
        """Whether it ever listened; when it ended before that, no job is to blame."""
        return self._came_up

    def memory_bytes(self) -> int:
        """What it and everything that it started hold in memory now; 0 where nobody tells."""
        return resident_bytes(self.pid) if self.alive else 0

    def wait_ready(self, timeout_s: float = _READY_WITHIN_S) -> None:
        """Wait until the runner listens. Raises ``WorkerLost``."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0 and not self._ended:
            if isinstance(self._next_event(left), ReadyEvent):
                return
        raise WorkerLost(f"The separation process did not start within {timeout_s:.0f} seconds.")

    def events(self, spec: JobSpec, poll_s: float = 1.0) -> Iterator[Event | None]:
        """Run a job: its events as they come, None whenever ``poll_s`` passed without one.

        The last one is a ``FinishedEvent`` or a ``FailedEvent``; a runner that dies makes one with
        the code ``worker_lost``, one that passes its limits is killed and makes one with that or
        ``out_of_memory``, so the loop always ends.
        """
        try:
            order = _order(spec)
        except ValueError as error:
            _log.error("job %s cannot be told to the runner", spec.job_id, exc_info=error)
            yield _failure(spec.job_id, None, Internal(_NOT_TOLD))
            return
        self._send(order)
        stage: str | None = None
        guard = Guard(self.pid, self._limits)
        began = time.monotonic()
        while True:
            asked = time.monotonic()
            event = self._next_event(poll_s)
            if event is None and self._ended:
                yield _failure(spec.job_id, stage, self._lost())
                return
            if event is not None:
                guard.heard()
            elif self._came_up or asked - began > _READY_WITHIN_S:
                guard.waited(time.monotonic() - asked, 2 * poll_s)
            if fault := guard.fault():
                self.kill()
                yield _failure(spec.job_id, stage, fault)
                return
            # What an abandoned job still had to say is not for this one.
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
        """Ask for the end of a job; its ``FailedEvent`` says ``cancelled``. May be called from
        another thread and for a job that is over.

        A job looks for it at least once a block or segment. Where that takes too long
        :meth:`kill` is safe, as finished stages are on disk and unfinished ones are ignored.
        """
        self._send(CancelCommand(job_id=job_id).to_line())

    def close(self, timeout_s: float = 5.0) -> None:
        """End the runner: politely, and after ``timeout_s`` by force. A running job stops and
        keeps its finished stages."""
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
        """End the runner and what it started at once."""
        if self._process.poll() is None:
            # Its own session makes its process id the id of its group.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._release()

    def peak_memory_bytes(self) -> int:
        """Highest resident memory of the runner so far, without its decoding children; the last
        known figure when it has ended, 0 where the system does not tell (``VmHWM`` of Linux)."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    self._peak_bytes = max(self._peak_bytes, int(line.split()[1]) * 1024)
        return self._peak_bytes

    def _send(self, line: bytes) -> None:
        # A dead runner is noticed where its events are read; its pipe may be closed (ValueError).
        with contextlib.suppress(OSError, ValueError):
            self._stdin.write(line)
            self._stdin.flush()

    def _next_event(self, timeout_s: float) -> Event | None:
        """The next event; None after ``timeout_s`` or when the runner has ended."""
        deadline = time.monotonic() + timeout_s
        while not self._ended:
            line, found, rest = self._unread.partition(b"\n")
            if found:
                self._unread = rest
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
            # Only something that is not our runner writes such a line.
            self.kill()
            return None
        self._came_up = self._came_up or isinstance(event, ReadyEvent)
        return event

    def _has_grown(self) -> bool:
        """By its peak: between two looks of the guard it may have held more."""
        most = self._limits.memory_bytes
        peak = self.peak_memory_bytes()
        return most is not None and max(peak, self.memory_bytes()) > most

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


def _order(spec: JobSpec) -> bytes:
    """Raises ``ValueError`` for what the runner could not read: it would wait, and so would we."""
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


def _whom_to_follow() -> list[str]:
    """The kernel ends the runner with its parent, at once and whatever it computes; but "parent"
    means a thread to it, and only the main one surely lives as long as its process."""
    if threading.current_thread() is not threading.main_thread():
        return []
    return ["--parent", str(os.getpid())]


def _environment() -> dict[str, str]:
    """Ours, with this package importable whatever the current folder is."""
    root = str(IMPORT_ROOT)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    return {**os.environ, **MALLOC_ENVIRONMENT, "PYTHONPATH": path}
