"""Has e-mails sent by a process of its own: a mail server may take its time, a worker must not."""

import logging
import subprocess
import sys

from django.conf import settings

from jobs.services.notices import is_any_due

_log = logging.getLogger("jobs.notices")


class Postman:
    """One chore of the housekeeping: :meth:`turn` never waits."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def turn(self) -> None:
        if self._is_out() or not is_any_due():
            return
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "send_notices"],
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
            _log.error("the process that sends e-mails ended with %s", code)
        self._process = None
        return False
