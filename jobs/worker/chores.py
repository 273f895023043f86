"""Chores of the housekeeping that take their time: a process of its own does each.

A mail server, a backup and the reading of every delivered file may take minutes; a worker must not.
"""

import logging
import subprocess
import sys
from abc import ABC, abstractmethod

from django.conf import settings

from jobs.services.backup.schedule import is_backup_due
from jobs.services.batches.notices import is_any_due
from jobs.services.storage.integrity import is_scrub_due


class OwnProcess(ABC):
    """Runs a command of ``manage.py``, one at a time. :meth:`turn` never waits."""

    def __init__(self, *command: str, does: str, logger: logging.Logger) -> None:
        self._command = command
        self._does = does
        self._log = logger
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def is_due(self) -> bool: ...

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


class ScheduledBackups(OwnProcess):
    """Of several clusters one makes it: the others find the folder locked, or the backup new."""

    def __init__(self) -> None:
        command = ("backup", "--if-due", "--keep", str(settings.BACKUP_KEEP))
        log = logging.getLogger("jobs.backup")
        super().__init__(*command, does="makes a backup", logger=log)

    def is_due(self) -> bool:
        return is_backup_due()


SCRUB_TURN_S = 300
"""For so long one process begins with another job; the next turn goes on."""


class Scrubbing(OwnProcess):
    def __init__(self) -> None:
        log = logging.getLogger("jobs.integrity")
        command = ("scrub", "--quietly", "--seconds", str(SCRUB_TURN_S))
        super().__init__(*command, does="checks delivered files", logger=log)

    def is_due(self) -> bool:
        return is_scrub_due()


class MailProcess(OwnProcess):
    def __init__(self) -> None:
        log = logging.getLogger("jobs.notices")
        super().__init__("send_notices", does="sends e-mails", logger=log)

    def is_due(self) -> bool:
        return is_any_due()
