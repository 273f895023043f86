"""Campaign: existing songs separated anew, beside what they have, when nobody waits."""

import uuid

from django.conf import settings
from django.db import models


class CampaignStatus(models.TextChoices):
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    DONE = "done", "Done"


class Campaign(models.Model):
    """Which sources (``query``) are separated with what (``request``), and how far that is.

    ``cursor`` is the id of the last source that was looked at: sources are taken in the order of
    their ids, so that a campaign goes on where it stopped and never takes one twice.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(
        max_length=16, choices=CampaignStatus.choices, default=CampaignStatus.RUNNING
    )
    separator = models.CharField(max_length=64)
    model_name = models.CharField(max_length=128, blank=True)
    request = models.JSONField(help_text="The choices for every job of it.")
    query = models.JSONField(default=dict, help_text="Which sources.")
    key = models.CharField(
        max_length=64, unique=True, help_text="Digest of query and request: asked twice is once."
    )
    total = models.PositiveIntegerField(default=0, help_text="Sources that the query found.")
    queued = models.PositiveIntegerField(default=0, help_text="Jobs made so far.")
    skipped = models.PositiveIntegerField(default=0, help_text="Sources that needed none.")
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

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.separator} {self.model_name}".strip() + f" ({self.status})"
