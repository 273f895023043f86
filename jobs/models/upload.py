"""Upload: a file that is arriving, with its owner, its offset and its reserved storage."""

import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jobs.models.batch import Batch
from jobs.models.job import Job
from jobs.models.source import Source

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

INCOMING = "incoming"
"""The folder of arriving uploads. It is on the file system of the sources, so a rename suffices."""


def incoming_dir() -> Path:
    return Path(settings.UPLOAD_DIR) / INCOMING


class UploadQuerySet(models.QuerySet["Upload"]):
    def visible_to(self, user: "AbstractBaseUser | AnonymousUser") -> "UploadQuerySet":
        """The uploads of ``user`` that have neither expired nor been cancelled. Nobody sees the
        others."""
        if not user.is_authenticated:
            return self.none()
        return self.wanted().filter(owner_id=user.pk)

    def wanted(self) -> "UploadQuerySet":
        return self.filter(cancelled_at=None, expires_at__gt=timezone.now())

    def unfinished(self) -> "UploadQuerySet":
        """Uploads that reserve storage, as their bytes belong to no song yet."""
        return self.wanted().filter(source=None)

    def resumable(self) -> "UploadQuerySet":
        """Unfinished uploads that a client can resume; uploads by a plain form are left out."""
        return self.unfinished().filter(is_resumable=True)

    def expired(self) -> "UploadQuerySet":
        """What is left of those that nobody goes on with."""
        return self.filter(Q(expires_at__lte=timezone.now()) | Q(cancelled_at__isnull=False))

    def bytes_to_come(self) -> int:
        """The bytes that all accounts may still send to unfinished uploads."""
        missing = self.unfinished().aggregate(total=Sum(F("size_bytes") - F("offset")))["total"]
        return int(missing or 0)


class Upload(models.Model):
    """The row reserves storage for the bytes, so it exists before the first byte is accepted.

        (created) -> receiving -> finished (``source`` is set) -> expired, gone
                          |--> refused, terminated or expired: row and part are gone

    ``offset``: the last stored value. The size of ``part`` is authoritative, also after a kill.
    ``request``: the requested separation; None for a program that creates the job itself.
    ``is_duplicate``: the owner already had ``source``, with the same bytes, so no job is created
    until the owner confirms. ``cancelled_at``: set when the owner cancels it; no job is created
    after that, and the request that holds the part removes row and part. ``unverified_from``: the
    bytes from here on are not yet compared with a checksum; set while a request with a checksum
    runs.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="uploads",
        verbose_name=_("person"),
    )
    name = models.CharField(_("file name"), max_length=255)
    size_bytes = models.PositiveBigIntegerField(_("size in bytes"))
    offset = models.PositiveBigIntegerField(_("bytes that have arrived"), default=0)
    unverified_from = models.PositiveBigIntegerField(null=True, blank=True)
    modified_ms = models.BigIntegerField(null=True, blank=True)
    request = models.JSONField(_("choices"), null=True, blank=True)
    is_resumable = models.BooleanField(_("can be resumed"), default=True)
    source = models.ForeignKey(
        Source,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="uploads",
        verbose_name=_("song"),
    )
    job = models.ForeignKey(
        Job,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="uploads",
        verbose_name=_("separation"),
    )
    batch = models.ForeignKey(
        Batch,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="uploads",
        verbose_name=_("batch"),
    )
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True, editable=False)
    is_duplicate = models.BooleanField(_("sent before"), default=False)
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    expires_at = models.DateTimeField(_("kept until"), db_index=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(offset__lte=F("size_bytes")), name="upload_offset_within_size"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.offset} of {self.size_bytes} bytes)"

    @property
    def part(self) -> Path:
        return incoming_dir() / f"{self.id.hex}.part"

    @property
    def lock_file(self) -> Path:
        return incoming_dir() / f"{self.id.hex}.lock"

    @property
    def is_finished(self) -> bool:
        return self.source_id is not None

    @staticmethod
    def fresh_expiry() -> datetime:
        return timezone.now() + timedelta(hours=settings.UPLOAD_HOURS)
