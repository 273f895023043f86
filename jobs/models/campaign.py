"""Campaign: existing songs separated anew, beside what they have, when nobody waits."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Count, Q

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

    from jobs.models.job import Job


class CampaignStatus(models.TextChoices):
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    DONE = "done", "Done"


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def running(self) -> "CampaignQuerySet":
        """Those that still have work, the oldest first: it has waited longest."""
        return self.filter(status=CampaignStatus.RUNNING).order_by("created_at", "id")


class Campaign(models.Model):
    """Which sources (``query``) are separated with what (``request``), and how far that is.

        running <-> paused
           |
           v
         done      every source was looked at, and every job made for one has ended

    ``cursor`` is the id of the last source that was looked at: sources are taken in the order of
    their ids, so that a campaign goes on where it stopped and never takes one twice. Only songs
    that were there when it was made belong to it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(
        max_length=16, choices=CampaignStatus.choices, default=CampaignStatus.RUNNING
    )
    separator = models.CharField(max_length=64)
    model_name = models.CharField(max_length=128, blank=True)
    request = models.JSONField(
        help_text="What every job of it is made with; other choices stay as they were."
    )
    query = models.JSONField(default=dict, help_text="Which sources.")
    key = models.CharField(
        max_length=64, unique=True, help_text="Digest of query and request: asked twice is once."
    )
    total = models.PositiveIntegerField(default=0, help_text="Sources that the query found.")
    queued = models.PositiveIntegerField(default=0, help_text="Jobs made so far.")
    skipped = models.PositiveIntegerField(default=0, help_text="Sources that got none.")
    reasons = models.JSONField(default=dict, help_text="Why sources got none, with counts.")
    cursor = models.UUIDField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="campaigns",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    completed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = CampaignQuerySet.as_manager()

    if TYPE_CHECKING:
        jobs: RelatedManager[Job]

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.separator} {self.model_name}".strip() + f" ({self.status})"

    @property
    def looked_at(self) -> int:
        return self.queued + self.skipped

    def job_counts(self) -> dict[str, int]:
        """Its jobs in words: by status, and of the completed ones those that were accepted or
        whose audio is gone, as of those that were dismissed."""
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
