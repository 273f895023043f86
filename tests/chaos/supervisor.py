"""What an init system does for a worker, and nothing more: it starts the command, clears away what
was orphaned, and starts the command again when it ended.

Being the "subreaper" of all below it, it becomes the parent of every process that lost its own, as
process 1 of a machine or container would: whatever is left behind is found among its descendants,
also a child that was started with an empty environment and in a session of its own.

Commands on standard input: ``stop`` (SIGTERM, and no new start), ``start``. Its end means: kill
everything and leave. Events go to standard output as lines of JSON.
"""

import contextlib
import json
import os
import signal
import sys
import threading
import time

from separation.system.processes import prctl
from tests.chaos.processes import descendants

PR_SET_CHILD_SUBREAPER = 36
"""Linux prctl(2)."""

RESTART_S = 0.5
TURN_S = 0.02


class Supervisor:
    def __init__(self, command: list[str], log: str) -> None:
        self._command = command
        self._log = log
        self._wanted = threading.Event()
        self._wanted.set()
        self._main: int | None = None
        self._start_at = 0.0

    def run(self) -> None:
        threading.Thread(target=self._obey, daemon=True).start()
        while True:
            self._clear_away()
            if self._main is None and self._wanted.is_set() and time.monotonic() >= self._start_at:
                self._start()
            time.sleep(TURN_S)

    def _start(self) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, self._log, flags, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        self._main = os.posix_spawn(
            self._command[0], self._command, os.environ, file_actions=actions, setsid=True
        )
        _tell(started=self._main)

    def _clear_away(self) -> None:
        """Collect everything that ended, so that nothing stays a zombie."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._main:
                    self._main = None
                    self._start_at = time.monotonic() + RESTART_S
                    _tell(ended=ended[0], code=os.waitstatus_to_exitcode(ended[1]))

    def _obey(self) -> None:
        for line in sys.stdin:
            if line.strip() == "start":
                self._wanted.set()
            elif line.strip() == "stop":
                self._wanted.clear()
                if self._main is not None:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(self._main, signal.SIGTERM)
        self._wanted.clear()
        while below := descendants(os.getpid()):
            for process in below:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            time.sleep(TURN_S)
        os._exit(0)


def _tell(**event: int) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    Supervisor(sys.argv[2:], sys.argv[1]).run()
