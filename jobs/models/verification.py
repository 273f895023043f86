"""The last verification of a job: its files and its manifest against their digests."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from jobs.models.job import Job

STALE_AFTER = timedelta(minutes=15)
"""A verification that began longer ago counts as lost. If it still runs, two do no harm."""


class VerificationState(models.TextChoices):
    NONE = "none", "Never verified"
    WAITING = "waiting", "Being verified"
    INTACT = "intact", "Intact"
    DAMAGED = "damaged", "Damaged"


class VerificationQuerySet(models.QuerySet["Verification"]):
    def waiting(self) -> "VerificationQuerySet":
        """Requested and without a result yet, and not begun by a process that may still run."""
        unanswered = Q(checked_at=None) | Q(checked_at__lt=F("requested_at"))
        begun = Q(started_at__gte=F("requested_at"), started_at__gt=timezone.now() - STALE_AFTER)
        return self.filter(unanswered).exclude(begun)


class Verification(models.Model):
    """One for each job that was ever verified.

    ``requested_at``: the last request, which waits while it is later than ``checked_at``. ``files``
    and ``problems`` are those of the check at ``checked_at``; each problem is a sentence.
    """

    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="verification")
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    files = models.PositiveIntegerField(default=0, editable=False)
    problems = models.JSONField(default=list, editable=False)

    objects = VerificationQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=("requested_at",), name="verification_requested"),)

    def __str__(self) -> str:
        return f"{self.job_id}: {self.state}"

    @property
    def is_waiting(self) -> bool:
        return self.checked_at is None or self.checked_at < self.requested_at

    @property
    def state(self) -> VerificationState:
        if self.is_waiting:
            return VerificationState.WAITING
        return VerificationState.DAMAGED if self.problems else VerificationState.INTACT
