"""Rate limits whose counts all processes share.

A count is one row that a filtered update increments, so the limit holds for any number of
simultaneous requests. A row is only deleted after its period, so a flood of other keys does not
delete a count.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import OperationalError
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from jobs.models import CacheEntry, RateCount

MOST_IN_MEMORY = 10_000

BLOCKS = 100
"""A process takes this fraction of a high limit at a time: one hundredth."""

_log = logging.getLogger("jobs.rates")


_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parse_rate(rate: str) -> tuple[int, float]:
    """The limit and the period in seconds of a rate in DRF's notation, such as 10/hour. Only the
    first letter of the period counts. Raises ``ValueError``."""
    number, _, period = rate.partition("/")
    if period.strip()[:1] not in _SECONDS:
        raise ValueError("write a number, a slash and s, min, hour or day, such as 10/hour")
    return int(number), _SECONDS[period.strip()[0]]


def take(key: str, *, limit: int, period_s: float) -> float:
    """Count one event under ``key``. Returns 0 where it is allowed, else the seconds to wait.

    A refused event is not counted, so further tries do not lengthen the wait.
    """
    period = timedelta(seconds=period_s)
    with _database_may_fail():
        return _take(_digest(key), limit, period)
    # A full disk must neither lock everybody out nor open the door to guessing.
    return _local_counts.take(key, limit, period)


def take_in_blocks(key: str, *, limit: int, period_s: float) -> float:
    """As ``take``, for frequent events: for a limit of hundreds this process takes a block from the
    database and counts it down in memory.

    It never allows more than ``limit``. Each process may leave one block unused. An event that was
    counted here cannot be given back.
    """
    block = limit // BLOCKS
    if block < 2:
        return take(key, limit=limit, period_s=period_s)
    digest, period = _digest(key), timedelta(seconds=period_s)
    if _blocks.use(digest):
        return 0.0
    with _database_may_fail():
        if _take(digest, limit, period, block):
            # Less than a block is left.
            return _take(digest, limit, period)
        ends_at = RateCount.objects.filter(pk=digest).values_list("ends_at", flat=True).first()
        if ends_at is not None:
            _blocks.keep(digest, block - 1, ends_at)
        return 0.0
    return _local_counts.take(key, limit, period)


def give_back(key: str) -> None:
    """Undo one ``take``."""
    row = RateCount.objects.filter(pk=_digest(key))
    with _database_may_fail():
        row.running(timezone.now()).filter(count__gt=0).update(count=F("count") - 1)
    _local_counts.give_back(key)


def forget(*keys: str) -> None:
    """Delete the counts of these keys."""
    with _database_may_fail():
        RateCount.objects.filter(pk__in=[_digest(key) for key in keys]).delete()


def remember(key: str, *, period_s: float) -> None:
    """Make ``is_remembered`` true for ``key`` during ``period_s``."""
    ends_at = timezone.now() + timedelta(seconds=period_s)
    values = {"count": 1, "ends_at": ends_at}
    with _database_may_fail():
        RateCount.objects.update_or_create(pk=_digest(key), defaults=values)


def is_remembered(*keys: str) -> bool:
    rows = RateCount.objects.filter(pk__in=[_digest(key) for key in keys])
    return rows.running(timezone.now()).exists()


def forget_ended() -> int:
    """Delete counts and cache entries whose period is over; returns how many."""
    now = timezone.now()
    counts = RateCount.objects.ended(now).delete()[0]
    return counts + CacheEntry.objects.filter(expires__lt=now).delete()[0]


def _take(digest: str, limit: int, period: timedelta, amount: int = 1) -> float:
    """Count ``amount`` events, which must not exceed ``limit``: all of them or none. Returns as
    ``take`` does."""
    rows = RateCount.objects.filter(pk=digest)
    while limit > 0:
        now = timezone.now()
        row = rows.first()
        if row is None:
            values = {"count": amount, "ends_at": now + period}
            _, taken = RateCount.objects.get_or_create(pk=digest, defaults=values)
        elif row.ends_at <= now:
            taken = bool(rows.ended(now).update(count=amount, ends_at=now + period))
        elif row.count + amount > limit:
            return (row.ends_at - now).total_seconds()
        else:
            room = rows.running(now).filter(count__lte=limit - amount)
            taken = bool(room.update(count=F("count") + amount))
        if taken:
            return 0.0
        # Another process was faster and changed the row: read it again.
    return period.total_seconds()


@contextmanager
def _database_may_fail() -> Iterator[None]:
    """Ignore errors of the database, such as a full disk: a user is not refused because a count
    cannot be written."""
    try:
        yield
    except OperationalError as error:
        _log.warning("limits are counted by each process alone, as the database says: %s", error)


def _digest(key: str) -> str:
    return salted_hmac("jobs.rates", key, algorithm="sha256").hexdigest()


class _Blocks:
    """The rest of the blocks that this process has taken from the database."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[int, datetime]] = {}
        self._lock = threading.Lock()

    def use(self, digest: str) -> bool:
        with self._lock:
            left, ends_at = self._left.get(digest, (0, None))
            if not left or ends_at is None or ends_at <= timezone.now():
                return False
            self._left[digest] = left - 1, ends_at
            return True

    def keep(self, digest: str, count: int, ends_at: datetime) -> None:
        """Replace the rest of an earlier block, even if another thread has just taken that one."""
        with self._lock:
            if len(self._left) >= MOST_IN_MEMORY:
                self._left.clear()
            self._left[digest] = count, ends_at


class _LocalCounts:
    """Counts of this process, used while the database fails."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, datetime]] = {}
        self._lock = threading.Lock()

    def take(self, key: str, limit: int, period: timedelta) -> float:
        with self._lock:
            now = timezone.now()
            count, ends_at = self._counts.get(key, (0, now))
            if ends_at <= now:
                count, ends_at = 0, now + period
            if count >= limit:
                return (ends_at - now).total_seconds()
            self._counts[key] = count + 1, ends_at
            self._keep_small(now)
            return 0.0

    def give_back(self, key: str) -> None:
        with self._lock:
            if key in self._counts:
                count, ends_at = self._counts[key]
                self._counts[key] = max(count - 1, 0), ends_at

    def _keep_small(self, now: datetime) -> None:
        if len(self._counts) <= MOST_IN_MEMORY:
            return
        by_end = sorted(self._counts.items(), key=lambda entry: entry[1][1])
        left = [entry for entry in by_end if entry[1][1] > now][-MOST_IN_MEMORY // 2 :]
        self._counts = dict(left)


_local_counts = _LocalCounts()
_blocks = _Blocks()
