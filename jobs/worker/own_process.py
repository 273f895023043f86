"""A chore of the housekeeping that takes its time: a process of its own does it."""

import logging
import subprocess
import sys

from django.conf import settings


class OwnProcess:
    """Runs a command of ``manage.py``, one at a time. :meth:`turn` never waits."""

    def __init__(self, *command: str, does: str, logger: logging.Logger) -> None:
        self._command = command
        self._does = does
        self._log = logger
        self._process: subprocess.Popen[bytes] | None = None

    def is_due(self) -> bool:
        raise NotImplementedError

    def turn(self) -> None:
        if self._is_out() or not self.is_due():
            return
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", *self._command],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def _is_out(self) -> bool:
        if self._process is None:
            return False
        code = self._process.poll()
        if code is None:
            return True
        if code:
            self._log.error("the process that %s ended with %s", self._does, code)
        self._process = None
        return False
