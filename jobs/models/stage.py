"""One stage of a job, as the worker reports it."""

from django.db import models

from jobs.models.job import Job


class StageStatus(models.TextChoices):
    PENDING = "pending", "Waiting"
    PROCESSING = "processing", "Processing"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"


class Stage(models.Model):
    """One stage, created with its job, in the order of the pipeline. ``key`` identifies what the
    stage computed from: see ``separation.pipeline.receipts.stage_key``."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="stages")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=64)
    processor_type = models.CharField(max_length=64)
    status = models.CharField(
        max_length=16, choices=StageStatus.choices, default=StageStatus.PENDING
    )
    version = models.PositiveIntegerField(default=0)
    params = models.JSONField(default=dict)
    key = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    duration_s = models.FloatField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_detail = models.TextField(blank=True)

    class Meta:
        ordering = ("job", "position")
        constraints = (
            models.UniqueConstraint(fields=("job", "name"), name="stage_once_per_job"),
            models.UniqueConstraint(fields=("job", "position"), name="stage_position_once_per_job"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.status})"
