"""One stage of a job, as the worker reports it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

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

    job = models.ForeignKey(
        Job, on_delete=models.CASCADE, related_name="stages", verbose_name=_("separation")
    )
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("step"), max_length=64)
    processor_type = models.CharField(max_length=64)
    status = models.CharField(
        _("state"), max_length=16, choices=StageStatus.choices, default=StageStatus.PENDING
    )
    version = models.PositiveIntegerField(default=0)
    params = models.JSONField(default=dict)
    key = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    completed_at = models.DateTimeField(_("ended"), null=True, blank=True)
    duration_s = models.FloatField(null=True, blank=True)
    error_code = models.CharField(_("error"), max_length=64, blank=True)
    error_detail = models.TextField(_("what went wrong"), blank=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ("job", "position")
        constraints = (
            models.UniqueConstraint(fields=("job", "name"), name="stage_once_per_job"),
            models.UniqueConstraint(fields=("job", "position"), name="stage_position_once_per_job"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.status})"
