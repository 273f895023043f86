"""Reserves storage and a place in the queue for an upload before its first byte arrives."""

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
"""What an upload of unknown length reserves at a time, if that much is left."""

_log = logging.getLogger("jobs.quota")


class Hold:
    """The reservation of one upload; see :func:`reserve`."""

    def __init__(self, owner: "User") -> None:
        self.owner = owner
        self._pk: int | None = None
        self._size_bytes, self._place = 0, False
        self._renew_at = float("-inf")

    def need(self, *, size_bytes: int = 0, place: bool = False) -> None:
        """Hold at least ``size_bytes``, and with ``place`` a place for one job. Raises
        ``QuotaExceeded``; then the hold stays as it was.

        The call is cheap where that much is held already. An active upload renews its hold by it.
        """
        enough = size_bytes <= self._size_bytes and (self._place or not place)
        if enough and time.monotonic() < self._renew_at:
            return
        self._set(max(size_bytes, self._size_bytes), place or self._place)

    def grow(self, *, size_bytes: int) -> None:
        """As :meth:`need`, for an upload of unknown length: it reserves some bytes in advance, if
        they are left."""
        if size_bytes > self._size_bytes:
            try:
                self.need(size_bytes=size_bytes + STEP_BYTES)
                return
            except QuotaExceeded:
                pass
        self.need(size_bytes=size_bytes)

    def spend(self, *, size_bytes: int = 0, place: bool = False) -> None:
        """Reduce the hold, as the stored song or job itself counts from now on.

        Call it in the transaction that stores the song or job, under ``lock_account``. Raises
        ``QuotaExceeded`` when the hold has expired or is too small, and the limit is reached.
        """
        held = self._row() or Reservation()
        if size_bytes > held.size_bytes:
            check_storage(owner=self.owner, size_bytes=size_bytes - held.size_bytes)
        self._size_bytes = max(0, held.size_bytes - size_bytes)
        self._place = bool(held.jobs) and not place
        if held.pk:
            self._store(held)

    def release(self) -> None:
        """Release the rest of the hold; safe to repeat."""
        self._size_bytes, self._place = 0, False
        if self._pk is None:
            return
        try:
            Reservation.objects.filter(pk=self._pk).delete()
        except DatabaseError:
            # Another error may be propagating already, and the row expires soon.
            _log.exception("a reservation cannot be given back, and is left to expire")
        self._pk = None

    def _set(self, size_bytes: int, place: bool) -> None:
        with transaction.atomic():
            lock_account(self.owner)
            held = self._row() or Reservation(owner=self.owner)
            if place and not held.jobs:
                check_quota(owner=self.owner)
                check_minutes_left(owner=self.owner)
            # An upload of unknown length needs storage for at least one byte.
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
    """Hold storage and a place for an upload while the block runs, and release the rest at its end.

    ``size_bytes``: None where the length of the upload is unknown. Raises ``QuotaExceeded`` before
    the block begins. The hold of a killed process expires after RESERVATION_S.
    """
    hold = Hold(owner)
    hold.need(size_bytes=size_bytes or 0, place=True)
    try:
        yield hold
    finally:
        hold.release()


def expire_reservations() -> int:
    """Delete the expired reservations, which no longer count; returns how many."""
    return Reservation.objects.expired().delete()[0]
