"""Counting for limits: shared by all processes, exact however many ask at once.

A count is one row that a filtered update raises, so of any number of requests at the same moment
no more pass than the limit allows. Rows go once their time is over and never before, so no flood
pushes out what counts against somebody.
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
"""Of a high limit a hundredth is taken at a time."""

_log = logging.getLogger("jobs.rates")


_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parsed(rate: str) -> tuple[int, float]:
    """How many in how many seconds: DRF's words, such as 10/hour, of which the first letter of the
    period counts. Raises ``ValueError``."""
    number, _, period = rate.partition("/")
    if period.strip()[:1] not in _SECONDS:
        raise ValueError("write a number, a slash and s, min, hour or day, such as 10/hour")
    return int(number), _SECONDS[period.strip()[0]]


def take(key: str, *, limit: int, period_s: float) -> float:
    """Count one more under ``key``; 0 where that is allowed, else seconds until it is again.

    What is refused is not counted, so going on asking does not lengthen the wait.
    """
    period = timedelta(seconds=period_s)
    with _database_may_fail():
        return _take(_digest(key), limit, period)
    # A full disk must neither lock everybody out nor open the door to guessing.
    return _alone.take(key, limit, period)


def take_in_blocks(key: str, *, limit: int, period_s: float) -> float:
    """As ``take``, for what is asked often: of a limit of hundreds this process takes a block from
    the database and hands it out by itself. It never allows more than ``limit``; an unused block
    of each process is lost at most. What was taken so cannot be given back."""
    block = limit // BLOCKS
    if block < 2:
        return take(key, limit=limit, period_s=period_s)
    digest, period = _digest(key), timedelta(seconds=period_s)
    if _ahead.use(digest):
        return 0.0
    with _database_may_fail():
        if _take(digest, limit, period, block):
            # Not as many are left.
            return _take(digest, limit, period)
        ends_at = RateCount.objects.filter(pk=digest).values_list("ends_at", flat=True).first()
        if ends_at is not None:
            _ahead.keep(digest, block - 1, ends_at)
        return 0.0
    return _alone.take(key, limit, period)


def give_back(key: str) -> None:
    """Undo one ``take``."""
    row = RateCount.objects.filter(pk=_digest(key))
    with _database_may_fail():
        row.running(timezone.now()).filter(count__gt=0).update(count=F("count") - 1)
    _alone.give_back(key)


def forget(*keys: str) -> None:
    """As if nothing had been counted under them."""
    with _database_may_fail():
        RateCount.objects.filter(pk__in=[_digest(key) for key in keys]).delete()


def remember(key: str, *, period_s: float) -> None:
    """``is_remembered`` is true of it for so long."""
    ends_at = timezone.now() + timedelta(seconds=period_s)
    values = {"count": 1, "ends_at": ends_at}
    with _database_may_fail():
        RateCount.objects.update_or_create(pk=_digest(key), defaults=values)


def is_remembered(*keys: str) -> bool:
    rows = RateCount.objects.filter(pk__in=[_digest(key) for key in keys])
    return rows.running(timezone.now()).exists()


def forget_ended() -> int:
    """Delete what limits nothing any more; returns how many rows."""
    now = timezone.now()
    counts = RateCount.objects.ended(now).delete()[0]
    return counts + CacheEntry.objects.filter(expires__lt=now).delete()[0]


def _take(digest: str, limit: int, period: timedelta, amount: int = 1) -> float:
    """``amount``: at most ``limit``; all of it is taken or none."""
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
        # Somebody else was faster with this row, so it is another now.
    return period.total_seconds()


@contextmanager
def _database_may_fail() -> Iterator[None]:
    """As with a full disk: what a limit writes is no reason to refuse somebody."""
    try:
        yield
    except OperationalError as error:
        _log.warning("limits are counted by each process alone, as the database says: %s", error)


def _digest(key: str) -> str:
    return salted_hmac("jobs.rates", key, algorithm="sha256").hexdigest()


class _Ahead:
    """What this process has taken from the database and not handed out yet."""

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
        """In place of what was left, which others may have taken meanwhile as well."""
        with self._lock:
            if len(self._left) >= MOST_IN_MEMORY:
                self._left.clear()
            self._left[digest] = count, ends_at


class _Alone:
    """Counts of this process, for as long as the database takes nothing."""

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


_alone = _Alone()
_ahead = _Ahead()
