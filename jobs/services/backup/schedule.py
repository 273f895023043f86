"""When the next backup is due."""

import time
from datetime import datetime
from pathlib import Path

from django.conf import settings

from jobs.services.backup import layout


def is_backup_due() -> bool:
    """Whether ``STEMSITE_BACKUP_DIR`` has no backup, or only backups older than the setting allows.
    The state is read from the folder, so it survives restarts and is the same for every host."""
    if settings.BACKUP_DIR is None:
        return False
    made_at = newest_backup_at(Path(settings.BACKUP_DIR))
    return made_at is None or time.time() - made_at.timestamp() >= settings.BACKUP_HOURS * 3600


def newest_backup_at(folder: Path) -> datetime | None:
    done = layout.finished(folder)
    return layout.moment_of(done[-1]) if done else None
