"""Campaign: separates existing songs again while nobody waits, and keeps their old results."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

    from jobs.models.job import Job


class CampaignStatus(models.TextChoices):
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    DONE = "done", "Done"


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def running(self) -> "CampaignQuerySet":
        """Campaigns that still have work, the oldest first."""
        return self.filter(status=CampaignStatus.RUNNING).order_by("created_at", "id")


class Campaign(models.Model):
    """The sources to separate (``query``), the options for them (``request``), and the progress.

        running <-> paused
           |
           v
         done      every source was checked, and every job of the campaign has ended

    ``cursor`` is the id of the last source that was checked. Sources are taken in the order of
    their ids, so a campaign continues where it stopped and takes no source twice. It covers only
    the songs that existed when it was created.
    """

    id = models.UUIDField(_("number"), primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(
        _("state"), max_length=16, choices=CampaignStatus.choices, default=CampaignStatus.RUNNING
    )
    separator = models.CharField(_("separator"), max_length=64)
    model_name = models.CharField(_("model"), max_length=128, blank=True)
    request = models.JSONField(
        _("choices"),
        help_text=_("What every new version is made with; other choices stay as they were."),
    )
    query = models.JSONField(
        _("songs"), default=dict, help_text=_("Which songs get a new version.")
    )
    key = models.CharField(
        _("key"),
        max_length=64,
        unique=True,
        help_text=_("The same campaign started twice runs once."),
    )
    total = models.PositiveIntegerField(
        _("songs found"), default=0, help_text=_("Songs that the campaign looks at.")
    )
    queued = models.PositiveIntegerField(
        _("versions begun"), default=0, help_text=_("Songs that got a new version so far.")
    )
    skipped = models.PositiveIntegerField(
        _("songs left out"), default=0, help_text=_("Songs that got no new version.")
    )
    reasons = models.JSONField(
        _("reasons"), default=dict, help_text=_("Why songs got no new version, with counts.")
    )
    cursor = models.UUIDField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="campaigns",
        verbose_name=_("started by"),
    )
    created_at = models.DateTimeField(_("started"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last change"), auto_now=True)
    completed_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)

    objects = CampaignQuerySet.as_manager()

    if TYPE_CHECKING:
        jobs: RelatedManager[Job]

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.separator} {self.model_name}".strip() + f" ({self.status})"

    @property
    def looked_at(self) -> int:
        return self.queued + self.skipped

    def job_counts(self) -> dict[str, int]:
        """Its jobs counted by state. Completed jobs count as accepted, as dismissed when their
        audio is deleted, or else as ready."""
        completed = Q(status="completed")
        accepted = Q(accepted_at__isnull=False)
        gone = Q(audio_deleted_at__isnull=False)
        return self.jobs.aggregate(
            waiting=Count("pk", filter=Q(status="pending")),
            running=Count("pk", filter=Q(status="processing")),
            ready=Count("pk", filter=completed & ~accepted & ~gone),
            accepted=Count("pk", filter=accepted),
            dismissed=Count("pk", filter=completed & ~accepted & gone),
            failed=Count("pk", filter=Q(status="failed")),
            cancelled=Count("pk", filter=Q(status="cancelled")),
        )
