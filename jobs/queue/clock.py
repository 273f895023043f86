"""The one clock that leases go by.

With a database server that is its clock: hosts whose own clock is wrong, or jumps, neither take
each other's jobs nor lose their own. SQLite has no clock but that of its machine, which may be set
while jobs run; there it is the time of day at the first look since the machine started, plus the
time since then, which no setting of the clock moves.
"""

import os
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import DateTimeField, Expression, Value
from django.db.models.functions import Now
from django.utils import timezone

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def now() -> Expression:
    """The present moment for a query: store ``now() + timedelta(...)``, filter by
    ``lease_until__lt=now()``. Leases and nothing else are written and compared with it."""
    if connection.vendor != "sqlite":
        return Now()
    return Value(_steady_now(Path(settings.DATA_DIR)), output_field=DateTimeField())


def _steady_now(data_dir: Path) -> datetime:
    """Equal in all processes of this machine that share ``data_dir``."""
    try:
        started_at = _started_at(data_dir)
    except (OSError, ValueError, AttributeError):
        # Not Linux, or no place to keep it: the clock of the machine has to do.
        return timezone.now()
    return datetime.fromtimestamp(started_at + _since_start_s(), UTC)


def _since_start_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@cache
def _started_at(data_dir: Path) -> float:
    """When this machine started, as the first process to ask understood it."""
    place = data_dir / f".clock-{_BOOT_ID.read_text().strip()}"
    if not place.is_file():
        _keep(place)
    return float(place.read_text())


def _keep(place: Path) -> None:
    draft = place.with_name(f"{place.name}.{os.getpid()}")
    draft.write_text(repr(time.time() - _since_start_s()))
    for old in set(place.parent.glob(".clock-*")) - {draft, place}:
        if not old.name.startswith(place.name):
            old.unlink(missing_ok=True)
    try:
        # Fails where another process was faster: then its word counts.
        place.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
