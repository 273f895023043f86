"""Worker: the heartbeat of one process that takes jobs, for the operator's page."""

import uuid

from django.db import models

from jobs.models.job import Job


class Worker(models.Model):
    """The row is renewed with every heartbeat, and removed when the worker is gone.

    Only leases decide who holds a job, not these rows.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=128, unique=True, help_text="host:pid, as on the job.")
    host = models.CharField(max_length=128)
    pid = models.PositiveIntegerField()
    cluster = models.CharField(max_length=64)
    lanes = models.JSONField(default=list)
    devices = models.JSONField(default=list, help_text="What its runner found, once it ran.")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    runner_pid = models.PositiveIntegerField(null=True, blank=True)
    runner_memory_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ("host", "cluster", "pid")

    def __str__(self) -> str:
        return self.name
