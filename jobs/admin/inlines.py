"""Stages and artifacts on the page of their job."""

from django.contrib import admin

from jobs.admin.base import LookOnlyInline
from jobs.admin.words import size_words
from jobs.models import Artifact, Stage


class StageInline(LookOnlyInline):
    model = Stage
    fields = readonly_fields = (
        "position", "name", "status", "duration_s", "started_at", "completed_at", "error_code",
        "error_detail",
    )  # fmt: skip


class ArtifactInline(LookOnlyInline):
    model = Artifact
    fields = readonly_fields = (
        "position", "name", "path", "format", "size", "duration_s", "loudness_lufs",
        "true_peak_dbtp", "sha256",
    )  # fmt: skip

    @admin.display(description="Size")
    def size(self, artifact: Artifact) -> str:
        return size_words(artifact.size_bytes)
