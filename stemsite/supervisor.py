"""A process that keeps others running and ends all of them when it ends.

Each child has its own process group, so that its children end with it. It also asks the kernel for
a SIGTERM when the supervisor dies, so that even ``kill -9`` of the supervisor leaves no process.
"""

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

from separation.system.processes import end_with_parent

logger = logging.getLogger(__name__)

STABLE_S = 30.0
"""A child that ran this long was healthy; its next restart has the shortest back-off again."""

MAX_BACKOFF_S = 10.0
"""The longest back-off; with the time to start, jobs continue within half a minute."""


@dataclass
class Child:
    """One program to keep running."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    backoff_s: float = 1.0
    not_before: float = 0.0

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            env=dict(self.environment),
            start_new_session=True,
            # This process has one thread, so running Python between fork and exec is safe.
            preexec_fn=partial(end_with_parent, signal.SIGTERM, parent=os.getpid()),
        )
        self.started_at = time.monotonic()

    def signal_group(self, number: int) -> None:
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None


class Supervisor:
    """Starts children, restarts those that end, and on SIGINT or SIGTERM stops them all.

    ``grace_s``: seconds from SIGTERM to SIGKILL of the rest of a group.
    """

    def __init__(self, children: Sequence[Child], *, grace_s: float = 20.0) -> None:
        self._children = children
        self._grace_s = grace_s
        self._stopping = False

    def run(self, *, is_ready: Callable[[], bool], on_ready: Callable[[], None]) -> None:
        """Blocks until a stop signal came and every child has ended; calls ``on_ready`` once, when
        ``is_ready`` first returns True."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        for child in self._children:
            child.start()
        announced = False
        while not self._stopping:
            self._restart_ended()
            if not announced and is_ready():
                announced = True
                on_ready()
            time.sleep(0.2)
        self._end_all()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _restart_ended(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if not child.has_ended():
                continue
            if child.process is not None:
                self._note_end(child, now)
            if now >= child.not_before and not self._stopping:
                child.start()

    def _note_end(self, child: Child, now: float) -> None:
        assert child.process is not None
        code = child.process.returncode
        child.signal_group(signal.SIGKILL)
        if now - child.started_at > STABLE_S:
            child.backoff_s = 1.0
        logger.error(
            "%s ended with code %s; next start in %.0f s", child.name, code, child.backoff_s
        )
        child.not_before = now + child.backoff_s
        child.backoff_s = min(child.backoff_s * 2, MAX_BACKOFF_S)
        child.process = None

    def _end_all(self) -> None:
        for child in self._children:
            if child.process is not None:
                child.process.terminate()
        deadline = time.monotonic() + self._grace_s
        for child in self._children:
            if child.process is None:
                continue
            try:
                child.process.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                logger.warning("%s did not stop in %.0f s; killing it", child.name, self._grace_s)
            child.signal_group(signal.SIGKILL)
            child.process.wait()
