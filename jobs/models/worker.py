"""Worker: the heartbeat of one process that takes jobs, for the operator's page."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from jobs.models.job import Job


class Worker(models.Model):
    """The row is renewed with every heartbeat, and removed when the worker is gone.

    Only leases decide who holds a job, not these rows.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(
        _("name"),
        max_length=128,
        unique=True,
        help_text=_("The machine and its process, as on the page of the song."),
    )
    host = models.CharField(max_length=128)
    pid = models.PositiveIntegerField()
    cluster = models.CharField(max_length=64)
    lanes = models.JSONField(default=list)
    devices = models.JSONField(
        _("devices"), default=list, help_text=_("What it found to compute on.")
    )
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    runner_pid = models.PositiveIntegerField(null=True, blank=True)
    runner_memory_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering = ("host", "cluster", "pid")

    def __str__(self) -> str:
        return self.name
