"""Long chores of the housekeeping, each in a process of its own.

Sending mail, making a backup and reading every delivered file may take minutes. The housekeeping
of the workers must not wait for them.
"""

import logging
import subprocess
import sys
from abc import ABC, abstractmethod

from django.conf import settings

from jobs.services.backup.schedule import is_backup_due
from jobs.services.batches.notices import is_any_due
from jobs.services.front_demo import front_demo, front_demo_dir
from jobs.services.storage.integrity import is_scrub_due
from jobs.services.verification import is_any_waiting


class OwnProcess(ABC):
    """Runs a program of the site, one process at a time; ``command``: the arguments of Python.
    :meth:`turn` never waits."""

    def __init__(self, *command: str, does: str, logger: logging.Logger) -> None:
        self._command = command
        self._does = does
        self._log = logger
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def is_due(self) -> bool: ...

    def turn(self) -> None:
        if self._is_running() or not self.is_due():
            return
        self._process = subprocess.Popen(
            [sys.executable, *self._command],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def _is_running(self) -> bool:
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
    """Makes backups. Only one of several clusters does: the others find the folder locked, or a
    new backup in it."""

    def __init__(self) -> None:
        command = ("manage.py", "backup", "--if-due", "--keep", str(settings.BACKUP_KEEP))
        log = logging.getLogger("jobs.backup")
        super().__init__(*command, does="makes a backup", logger=log)

    def is_due(self) -> bool:
        return is_backup_due()


SCRUB_TURN_S = 300
"""After this time a process begins no further job; the next turn continues."""


class Scrubbing(OwnProcess):
    def __init__(self) -> None:
        log = logging.getLogger("jobs.integrity")
        command = ("manage.py", "scrub", "--quietly", "--seconds", str(SCRUB_TURN_S))
        super().__init__(*command, does="checks delivered files", logger=log)

    def is_due(self) -> bool:
        return is_scrub_due()


class Verifying(OwnProcess):
    """Answers requests to verify a job."""

    def __init__(self) -> None:
        log = logging.getLogger("jobs.integrity")
        super().__init__("manage.py", "verify", "--waiting", does="verifies jobs", logger=log)

    def is_due(self) -> bool:
        return is_any_waiting()


class MailProcess(OwnProcess):
    def __init__(self) -> None:
        log = logging.getLogger("jobs.notices")
        super().__init__("manage.py", "send_notices", does="sends e-mails", logger=log)

    def is_due(self) -> bool:
        return is_any_due()


class DemoRendering(OwnProcess):
    """Renders the demonstration song for the first page. Of several clusters one does: the others
    find its lock, or the files."""

    def __init__(self) -> None:
        log = logging.getLogger("jobs.demo")
        command = ("-m", "separation.stages.demo_stems", str(front_demo_dir()))
        super().__init__(*command, does="renders the demonstration song", logger=log)

    def is_due(self) -> bool:
        return settings.FRONT_DEMO and front_demo() is None
