"""Job: one separation, with its request, its progress, its worker and its outcome."""

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, Func, OuterRef, Q, Subquery, When
from django.db.models.expressions import OrderBy
from django.utils.translation import gettext_lazy as _

from jobs.models.batch import Batch
from jobs.models.campaign import Campaign
from jobs.models.source import Source
from jobs.models.tag import Tag

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
    from django_stubs_ext.db.models.manager import RelatedManager

    from jobs.models.artifact import Artifact
    from jobs.models.share_link import ShareLink
    from jobs.models.stage import Stage
    from jobs.models.verification import Verification


class JobStatus(models.TextChoices):
    PENDING = "pending", _("Waiting")
    PROCESSING = "processing", _("Processing")
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Lane(models.TextChoices):
    INTERACTIVE = "interactive", "Interactive"
    BACKFILL = "backfill", "Backfill"


class QueueRank(models.IntegerChoices):
    """The rank of a waiting job. A higher rank goes first, before lane and priority count."""

    IN_LINE = 0, "In the line"
    GAVE_WAY = 1, "Gave way to shorter songs"
    HAS_TURN = 2, "Has a turn before a longer song"


ACTIVE = (JobStatus.PENDING, JobStatus.PROCESSING)
ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)
RETRYABLE = (JobStatus.FAILED, JobStatus.CANCELLED)


HELD_UNTIL = datetime(9999, 1, 1, tzinfo=UTC)
"""``not_before`` of a waiting job of a paused campaign. Neither workers nor the checks of the queue
count it as a job that could run."""


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: "AbstractBaseUser | AnonymousUser") -> "JobQuerySet":
        """The jobs that ``user`` may see; pages, API and downloads all start from this query."""
        return self.filter(owner_id=user.pk) if user.is_authenticated else self.none()

    def listed(self) -> "JobQuerySet":
        """The jobs that count as their owners' own: histories, totals and quotas start here.

        The query leaves out versions that a campaign offers and nobody has accepted, and jobs that
        an accepted version has replaced.
        """
        replacement = Job.objects.filter(replaces=OuterRef("pk"), accepted_at__isnull=False)
        own = Q(campaign__isnull=True) | Q(accepted_at__isnull=False)
        return self.filter(own, ~Exists(replacement))

    def offered(self) -> "JobQuerySet":
        """Versions of a campaign, finished or not, that nobody has accepted."""
        return self.filter(campaign__isnull=False, accepted_at__isnull=True)

    def ready(self) -> "JobQuerySet":
        """Offered versions that can be listened to and accepted."""
        return self.offered().filter(status=JobStatus.COMPLETED, audio_deleted_at__isnull=True)

    def newest_first(self, *before: OrderBy | Func) -> "JobQuerySet":
        """Order by ``before``, then newest first.

        An accepted version has the place of its song, not the top. The id decides between jobs of
        the same instant; otherwise two pages could show the same job.
        """
        # A subquery, as a join with the songs would be paid for every job.
        sent_at = Source.objects.filter(pk=OuterRef("source")).values("created_at")
        stands_at = Case(
            When(accepted_at__isnull=False, then=Subquery(sent_at)), default=F("created_at")
        )
        return self.annotate(stands_at=stands_at).order_by(*before, "-stands_at", "-id")

    def active(self) -> "JobQuerySet":
        return self.filter(status__in=ACTIVE)

    def held(self, token: uuid.UUID) -> "JobQuerySet":
        """The job whose lease has ``token``. This filter is the fence: all worker writes use it."""
        return self.filter(lease_token=token, status=JobStatus.PROCESSING)


class Job(models.Model):
    """One separation of one source.

        pending -> processing -> completed
           ^          | |  \\-> failed      retry: -> pending, finished stages are kept
           |          | \\---> cancelled
           \\----------/ lease lost, drained, or a retryable error with attempts left;
                        or shorter songs of other people have a turn

    Only filtered updates change ``status``; the row count shows whether the change was allowed.

    A job of a ``campaign`` creates another version of the result of ``replaces``. Both exist side
    by side until the owner accepts the new one (``accepted_at``). Only then it joins the ``batch``.
    A job with ``repeats`` runs that job again exactly, and its manifest compares the two.
    """

    id = models.UUIDField(_("number"), primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="jobs",
        verbose_name=_("person"),
    )
    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, related_name="jobs", verbose_name=_("song")
    )
    status = models.CharField(
        _("state"),
        max_length=16,
        choices=JobStatus.choices,
        default=JobStatus.PENDING,
        editable=False,
    )
    lane = models.CharField(
        _("queue"), max_length=16, choices=Lane.choices, default=Lane.INTERACTIVE
    )
    priority = models.SmallIntegerField(
        _("priority"), default=0, help_text=_("A higher number goes first.")
    )
    queue_rank = models.PositiveSmallIntegerField(
        _("place in the queue"),
        choices=QueueRank.choices,
        default=QueueRank.IN_LINE,
        editable=False,
    )

    separator = models.CharField(_("separator"), max_length=64)
    model_name = models.CharField(_("model"), max_length=128, blank=True)
    request = models.JSONField(
        _("choices"), help_text=_("What the person chose for this song, as it was checked.")
    )
    pipeline = models.JSONField(
        _("steps"), help_text=_("The steps in their order, with their settings.")
    )

    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0, editable=False)
    max_attempts = models.PositiveSmallIntegerField(_("most attempts"), default=3)
    not_before = models.DateTimeField(_("waits until"), null=True, blank=True, editable=False)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(
        _("reserved until"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("The worker renews this while it works."),
    )
    worker = models.CharField(_("worker"), max_length=128, blank=True, editable=False)
    cancel_requested_at = models.DateTimeField(
        _("cancel requested"), null=True, blank=True, editable=False
    )
    preempted_at = models.DateTimeField(
        _("gave way to shorter songs"), null=True, blank=True, editable=False
    )
    ran_s = models.FloatField(
        _("seconds before it gave way"),
        default=0.0,
        editable=False,
        help_text=_("How long this attempt had run before it last gave way."),
    )

    progress_percent = models.FloatField(_("done, in per cent"), default=0.0, editable=False)
    progress_stage = models.CharField(_("step"), max_length=64, blank=True, editable=False)
    progress_message = models.CharField(
        _("what happens"), max_length=255, blank=True, editable=False
    )
    eta_s = models.FloatField(_("seconds left"), null=True, blank=True, editable=False)

    expected_s = models.FloatField(
        _("expected seconds"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("How long this attempt should take."),
    )
    deadline_s = models.FloatField(
        _("time limit in seconds"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("After this time the attempt is given up."),
    )
    routing = models.JSONField(
        _("routes"),
        default=list,
        editable=False,
        help_text=_("The ways that were tried, and what came of each."),
    )

    error_code = models.CharField(_("error"), max_length=64, blank=True, editable=False)
    error_detail = models.TextField(_("what went wrong"), blank=True, editable=False)
    warnings = models.JSONField(_("remarks"), default=list, editable=False)
    manifest = models.JSONField(_("record of the result"), default=dict, editable=False)
    manifest_sha256 = models.CharField(
        _("digest of the record"),
        max_length=64,
        blank=True,
        default="",
        editable=False,
        help_text=_("The manifest's own digest, recorded when the job was completed."),
    )

    batch = models.ForeignKey(
        Batch,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="jobs",
        verbose_name=_("batch"),
    )

    # Protected: a job without its campaign would count as requested by its owner.
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="jobs",
        verbose_name=_("campaign"),
    )
    replaces = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="replacements",
        verbose_name=_("new version of"),
    )
    repeats = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="repetitions",
        verbose_name=_("runs again"),
    )
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True, editable=False)

    is_favourite = models.BooleanField(default=False)
    tags = models.ManyToManyField(Tag, blank=True, related_name="jobs")

    created_at = models.DateTimeField(_("sent"), auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True, editable=False)
    completed_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)
    audio_deleted_at = models.DateTimeField(
        _("audio deleted"), null=True, blank=True, editable=False
    )

    objects = JobQuerySet.as_manager()

    if TYPE_CHECKING:
        stages: RelatedManager[Stage]
        artifacts: RelatedManager[Artifact]
        share_links: RelatedManager[ShareLink]
        replacements: RelatedManager["Job"]
        repetitions: RelatedManager["Job"]
        verification: Verification

    class Meta:
        verbose_name = _("separation")
        verbose_name_plural = _("separations")
        ordering = ("-created_at",)
        indexes = (
            # All that the library counts, narrows and sorts by: a page of 10 000 songs reads this
            # index instead of rows, which hold manifests.
            models.Index(
                fields=(
                    "owner",
                    "-created_at",
                    "id",
                    "campaign",
                    "accepted_at",
                    "batch",
                    "source",
                    "status",
                    "separator",
                    "is_favourite",
                ),
                name="job_library",
            ),
            models.Index(fields=("owner", "-started_at"), name="job_last_start"),
            models.Index(fields=("lane", "status", "-priority", "created_at"), name="job_queue"),
            models.Index(fields=("queue_rank",), condition=Q(queue_rank__gt=0), name="job_ahead"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(progress_percent__gte=0.0) & Q(progress_percent__lte=100.0),
                name="job_progress_is_a_percentage",
            ),
            models.CheckConstraint(
                condition=Q(status="processing", lease_token__isnull=False)
                | (~Q(status="processing") & Q(lease_token__isnull=True)),
                name="job_is_leased_exactly_while_processing",
            ),
            models.UniqueConstraint(
                fields=("campaign", "source"), name="job_once_for_each_source_of_a_campaign"
            ),
            models.CheckConstraint(
                condition=Q(batch__isnull=True)
                | Q(campaign__isnull=True)
                | Q(accepted_at__isnull=False),
                name="job_of_a_batch_is_not_on_offer",
            ),
        )

    def __str__(self) -> str:
        return f"{self.source.label} ({self.get_status_display().lower()})"

    @property
    def directory(self) -> Path:
        return Path(settings.OUTPUT_DIR) / str(self.id)

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def is_retryable(self) -> bool:
        return self.status in RETRYABLE

    @property
    def is_offered(self) -> bool:
        """Whether this is a version that nobody has accepted; see ``JobQuerySet.offered``."""
        return self.campaign_id is not None and self.accepted_at is None

    @property
    def is_ready(self) -> bool:
        completed = self.status == JobStatus.COMPLETED and self.audio_deleted_at is None
        return self.is_offered and completed

    @property
    def sent_at(self) -> datetime:
        """When the owner sent the song; for an accepted version too."""
        return self.created_at if self.accepted_at is None else self.source.created_at

    @property
    def cancel_requested(self) -> bool:
        return self.cancel_requested_at is not None

    @property
    def error(self) -> dict[str, Any] | None:
        """The error in the shape of the API; None without an error."""
        if not self.error_code:
            return None
        return {"code": self.error_code, "detail": self.error_detail}
