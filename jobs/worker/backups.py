"""Has backups made when the setting says so."""

import logging

from django.conf import settings

from jobs.services.backup.schedule import is_backup_due
from jobs.worker.own_process import OwnProcess


class ScheduledBackups(OwnProcess):
    """Of several clusters one makes it: the others find the folder locked, or the backup new."""

    def __init__(self) -> None:
        command = ("backup", "--if-due", "--keep", str(settings.BACKUP_KEEP))
        log = logging.getLogger("jobs.backup")
        super().__init__(*command, does="makes a backup", logger=log)

    def is_due(self) -> bool:
        return is_backup_due()
