"""Source: the preserved input of jobs."""

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name} ({number})"


class SourceQuerySet(models.QuerySet["Source"]):
    def visible_to(self, user: "AbstractBaseUser | AnonymousUser") -> "SourceQuerySet":
        return self.filter(owner_id=user.pk) if user.is_authenticated else self.none()


class Source(models.Model):
    """One uploaded file, kept unchanged under a generated name. Jobs read it; no job writes it.

    ``original_name`` is cleaned for display; ``sha256`` was computed while the bytes arrived.
    ``song_title`` is what its owner calls the song: first the title of its tags, or else the file's
    name without its ending.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="sources",
        verbose_name=_("person"),
    )
    original_name = models.CharField(_("file name"), max_length=255)
    name_number = models.PositiveIntegerField(
        default=1, editable=False, help_text="Which of the owner's songs of this title it is."
    )
    song_title = models.CharField(_("title"), max_length=255, blank=True)
    sha256 = models.CharField(
        _("fingerprint (SHA-256)"),
        max_length=64,
        db_index=True,
        help_text=_("Equal files have equal fingerprints."),
    )
    size_bytes = models.PositiveBigIntegerField(_("size in bytes"))
    container = models.CharField(_("file type"), max_length=32)
    codec = models.CharField(_("audio format"), max_length=32)
    sample_rate_hz = models.PositiveIntegerField(_("samples per second"))
    channels = models.PositiveIntegerField(_("channels"))
    duration_s = models.FloatField(_("length in seconds"))
    title = models.CharField(_("title in the file"), max_length=255, blank=True)
    artist = models.CharField(_("artist in the file"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)

    objects = SourceQuerySet.as_manager()

    class Meta:
        verbose_name = _("song")
        verbose_name_plural = _("songs")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name that pages show: it tells songs of one title apart."""
        return _numbered(self.song_title or self.first_title, self.name_number)

    @property
    def first_title(self) -> str:
        """The title of a song that nobody has named."""
        # Importing the audio core takes a while, and most requests need none of it.
        from separation.audio.names import song_title

        return self.title or song_title(self.original_name)

    @property
    def path(self) -> Path:
        """The file on disk. The first two digits of the id spread the files over folders."""
        name = self.id.hex
        return Path(settings.UPLOAD_DIR) / name[:2] / name
