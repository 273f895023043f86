"""Room and places in the queue that an upload takes before its first byte, and gives back."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from jobs.models import Reservation
from jobs.models.account_lock import lock_account
from jobs.services.quotas.limits import check_minutes_left, check_quota, check_storage
from separation.errors import QuotaExceeded

if TYPE_CHECKING:
    from django.contrib.auth.models import User

STEP_BYTES = 4 * 1024 * 1024
"""What an upload of unknown length takes at a time, where that much is left."""

_log = logging.getLogger("jobs.quota")


class Hold:
    """What one upload holds; see :func:`reserve`."""

    def __init__(self, owner: "User") -> None:
        self.owner = owner
        self._pk: int | None = None
        self._size_bytes, self._place = 0, False
        self._renew_at = float("-inf")

    def need(self, *, size_bytes: int = 0, place: bool = False) -> None:
        """Hold at least so much, and a place for one job, from now on. Raises ``QuotaExceeded``,
        and then holds what it did.

        Cheap where that much is held already; an upload that moves keeps its hold by calling it.
        """
        enough = size_bytes <= self._size_bytes and (self._place or not place)
        if enough and time.monotonic() < self._renew_at:
            return
        self._set(max(size_bytes, self._size_bytes), place or self._place)

    def grow(self, *, size_bytes: int) -> None:
        """:meth:`need` for bytes whose end is unknown: some more are taken where they are left."""
        if size_bytes > self._size_bytes:
            try:
                self.need(size_bytes=size_bytes + STEP_BYTES)
                return
            except QuotaExceeded:
                pass
        self.need(size_bytes=size_bytes)

    def spend(self, *, size_bytes: int = 0, place: bool = False) -> None:
        """Hold so much less, as a stored song or job counts for itself from now on.

        Call it in the transaction that stores it, under ``lock_account``. Raises ``QuotaExceeded``
        when the hold has expired, or was for less, and there is no room any more.
        """
        held = self._row() or Reservation()
        if size_bytes > held.size_bytes:
            check_storage(owner=self.owner, size_bytes=size_bytes - held.size_bytes)
        self._size_bytes = max(0, held.size_bytes - size_bytes)
        self._place = bool(held.jobs) and not place
        if held.pk:
            self._store(held)

    def release(self) -> None:
        """Give back what is left; safe to repeat."""
        self._size_bytes, self._place = 0, False
        if self._pk is None:
            return
        try:
            Reservation.objects.filter(pk=self._pk).delete()
        except DatabaseError:
            # What led here is on its way up already, and the row counts for nothing soon.
            _log.exception("a reservation cannot be given back, and is left to expire")
        self._pk = None

    def _set(self, size_bytes: int, place: bool) -> None:
        with transaction.atomic():
            lock_account(self.owner)
            held = self._row() or Reservation(owner=self.owner)
            if place and not held.jobs:
                check_quota(owner=self.owner)
                check_minutes_left(owner=self.owner)
            # Whoever does not know how much it will be needs room for a byte at least.
            more = size_bytes - held.size_bytes if held.pk else max(size_bytes, 1)
            if more > 0:
                check_storage(owner=self.owner, size_bytes=more)
            self._size_bytes, self._place = size_bytes, place
            self._store(held)
        self._pk = held.pk
        self._renew_at = time.monotonic() + settings.RESERVATION_S / 4

    def _row(self) -> Reservation | None:
        if self._pk is None:
            return None
        return Reservation.objects.open().filter(pk=self._pk).first()

    def _store(self, row: Reservation) -> None:
        row.size_bytes, row.jobs = self._size_bytes, int(self._place)
        row.expires_at = timezone.now() + timedelta(seconds=settings.RESERVATION_S)
        row.save()


@contextmanager
def reserve(*, owner: "User", size_bytes: int | None = None) -> Iterator[Hold]:
    """Hold room and a place for an upload for as long as the block lasts; what became songs and
    jobs by then was spent, all else is given back.

    ``size_bytes``: None where nobody said how much will come. Raises ``QuotaExceeded`` before the
    block begins. The hold of a process that is killed expires after RESERVATION_S.
    """
    hold = Hold(owner)
    hold.need(size_bytes=size_bytes or 0, place=True)
    try:
        yield hold
    finally:
        hold.release()


def expire_reservations() -> int:
    """Remove those that nobody renews; they count for nothing already."""
    return Reservation.objects.expired().delete()[0]
