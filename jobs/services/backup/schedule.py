"""When the next backup is due."""

import time
from datetime import datetime
from pathlib import Path

from django.conf import settings

from jobs.services.backup import layout


def is_backup_due() -> bool:
    """The newest one in ``STEMSITE_BACKUP_DIR`` is older than the setting wants, or none is
    there. The folder tells, so that it holds over restarts and for every host."""
    if settings.BACKUP_DIR is None:
        return False
    made_at = newest_backup_at(Path(settings.BACKUP_DIR))
    return made_at is None or time.time() - made_at.timestamp() >= settings.BACKUP_HOURS * 3600


def newest_backup_at(folder: Path) -> datetime | None:
    done = layout.finished(folder)
    return layout.moment_of(done[-1]) if done else None
