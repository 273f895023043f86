"""Reservation: storage that an upload holds before its bytes arrive."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class ReservationQuerySet(models.QuerySet["Reservation"]):
    def open(self) -> "ReservationQuerySet":
        """Reservations that count. An upload whose process was killed does not renew its own."""
        return self.filter(expires_at__gt=timezone.now())

    def expired(self) -> "ReservationQuerySet":
        return self.filter(expires_at__lte=timezone.now())


class Reservation(models.Model):
    """``size_bytes`` of storage and places for ``jobs`` that count as used while the upload lasts.

    It shrinks when the song and the job are stored, and is deleted when the upload ends.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reservations"
    )
    size_bytes = models.PositiveBigIntegerField(default=0)
    jobs = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ReservationQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=("owner", "expires_at"), name="reservation_open"),)

    def __str__(self) -> str:
        return f"{self.size_bytes} bytes and {self.jobs} job(s) until {self.expires_at:%H:%M:%S}"
