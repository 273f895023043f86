"""Stages and artifacts on the page of their job."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from jobs.admin.base import ReadOnlyInline
from jobs.admin.words import decibels, digest_start, seconds, size_words
from jobs.models import Artifact, Stage


class StageInline(ReadOnlyInline):
    model = Stage
    fields = readonly_fields = (
        "name", "status", "duration", "started_at", "completed_at", "error_code",
        "error_detail",
    )  # fmt: skip

    @admin.display(description=_("Duration"))
    def duration(self, stage: Stage) -> str:
        return seconds(stage.duration_s)


class ArtifactInline(ReadOnlyInline):
    model = Artifact
    fields = readonly_fields = (
        "name", "same_as", "path", "format", "size", "loudness", "true_peak", "digest",
    )  # fmt: skip

    @admin.display(description=_("LUFS"))
    def loudness(self, artifact: Artifact) -> str:
        return decibels(artifact.loudness_lufs)

    @admin.display(description=_("dBTP"))
    def true_peak(self, artifact: Artifact) -> str:
        return decibels(artifact.true_peak_dbtp)

    @admin.display(description=_("SHA-256"))
    def digest(self, artifact: Artifact) -> str:
        return digest_start(artifact.sha256)

    @admin.display(description=_("Size"))
    def size(self, artifact: Artifact) -> str:
        return size_words(artifact.size_bytes)
