"""One delivered file of a job."""

from pathlib import Path
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from jobs.models.job import Job

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


class ArtifactQuerySet(models.QuerySet["Artifact"]):
    def visible_to(self, user: "AbstractBaseUser | AnonymousUser") -> "ArtifactQuerySet":
        return self.filter(job__owner_id=user.pk) if user.is_authenticated else self.none()

    def one_per_file(self) -> "ArtifactQuerySet":
        """Where files are counted: some have two names, and a row for each."""
        return self.filter(same_as="")


class Artifact(models.Model):
    """A track. ``name`` is its name in addresses, ``path`` is relative to the job's folder.

    ``stage_name``: the stage that computed the audio. ``sha256``: computed when the file was
    verified. ``parent``: the name of the track that this track is a part or a version of, if any.
    ``note``: what the track is, where its name does not say so. ``same_as``: the name of the track
    that is the same sound and whose file this row names too, if any.
    """

    job = models.ForeignKey(
        Job, on_delete=models.CASCADE, related_name="artifacts", verbose_name=_("separation")
    )
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("track"), max_length=128)
    stage_name = models.CharField(max_length=64)
    parent = models.CharField(max_length=128, blank=True, default="")
    note = models.TextField(blank=True, default="")
    same_as = models.CharField(_("same file as"), max_length=128, blank=True, default="")
    path = models.CharField(_("file"), max_length=255)
    format = models.CharField(_("format"), max_length=16)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    frames = models.PositiveBigIntegerField()
    sample_rate_hz = models.PositiveIntegerField()
    channels = models.PositiveSmallIntegerField()
    duration_s = models.FloatField()
    gain_db = models.FloatField(default=0.0)
    peak_dbfs = models.FloatField(null=True)
    true_peak_dbtp = models.FloatField(null=True)
    loudness_lufs = models.FloatField(null=True)
    checked_at = models.DateTimeField(
        null=True, editable=False, help_text="When its file was last compared with the digest."
    )
    is_damaged = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ArtifactQuerySet.as_manager()

    class Meta:
        verbose_name = _("track")
        verbose_name_plural = _("tracks")
        ordering = ("job", "position")
        constraints = (
            models.UniqueConstraint(fields=("job", "name"), name="artifact_once_per_job"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def file(self) -> Path:
        """The file on disk. Raises ``ValueError`` if ``path`` leaves the job's folder."""
        root = self.job.directory.resolve()
        file = (root / self.path).resolve()
        if not file.is_relative_to(root):
            raise ValueError(f"artifact path {self.path!r} leaves the job's folder")
        return file
