"""The clock that all leases use.

With a database server it is the server's clock. A host whose own clock is wrong, or jumps, then
neither takes jobs of others nor loses its own. SQLite only has the clock of its machine, which
somebody may set while jobs run. There the clock is the time of day that the first reader since
boot saw, plus the time since then, which setting the clock does not change.
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
    """The current time as an expression for a query: store ``now() + timedelta(...)``, filter by
    ``lease_until__lt=now()``. Only leases and heartbeats use it."""
    if connection.vendor != "sqlite":
        return Now()
    return Value(_steady_now(Path(settings.DATA_DIR)), output_field=DateTimeField())


def _steady_now(data_dir: Path) -> datetime:
    """The same clock in all processes of this machine that share ``data_dir``."""
    try:
        started_at = _started_at(data_dir)
    except (OSError, ValueError, AttributeError):
        # This is not Linux, or the file cannot be written: use the clock of the machine.
        return timezone.now()
    return datetime.fromtimestamp(started_at + _since_start_s(), UTC)


def _since_start_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@cache
def _started_at(data_dir: Path) -> float:
    """When this machine started, as the first process that called this computed it."""
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
        # It fails where another process was faster. That process's value counts then.
        place.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
