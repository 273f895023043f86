"""ShareLink: a link by which people without an account hear chosen stems of a job for a time."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jobs.models.job import Job, JobStatus

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

MAX_LABEL_LENGTH = 80


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def visible_to(self, user: "AbstractBaseUser | AnonymousUser") -> "ShareLinkQuerySet":
        return self.filter(job__owner_id=user.pk) if user.is_authenticated else self.none()

    def live(self) -> "ShareLinkQuerySet":
        """Neither expired nor revoked."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=timezone.now())

    def working(self) -> "ShareLinkQuerySet":
        """Live links whose audio exists and whose account is not closed."""
        return self.live().filter(
            job__status=JobStatus.COMPLETED,
            job__audio_deleted_at__isnull=True,
            created_by__is_active=True,
        )


class ShareLink(models.Model):
    """The row keeps only a digest of the token, so a reader of the database cannot open the link.

    ``stems`` are names of artifacts. ``label`` is the owner's note and ``views`` counts visits;
    visitors see neither. A download always reveals the song's name, as the tags of the files
    contain it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(
        Job, on_delete=models.CASCADE, related_name="share_links", verbose_name=_("separation")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="share_links",
        verbose_name=_("person"),
    )
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    label = models.CharField(_("note"), max_length=MAX_LABEL_LENGTH, blank=True)
    stems = models.JSONField(_("stems"))
    allow_download = models.BooleanField(_("download allowed"), default=False)
    show_title = models.BooleanField(_("title shown"), default=False)
    views = models.PositiveIntegerField(_("times opened"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("works until"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("share link")
        verbose_name_plural = _("share links")
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(allow_download=False) | Q(show_title=True),
                name="share_link_with_downloads_shows_the_title",
            ),
        )

    def __str__(self) -> str:
        return self.label or f"Link of {self.created_at:%Y-%m-%d}"

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()
