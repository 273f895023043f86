"""Errors of downloads."""

from typing import ClassVar

from django.urls import reverse

from jobs.models import Job
from separation.errors import SeparationError


class AudioDeleted(SeparationError):
    """The audio was deleted; the manifest is kept for ever. ``fields`` go into the API's answer."""

    code = "audio_deleted"
    http_status: ClassVar[int] = 410

    def __init__(self, detail: str, job: Job | None = None) -> None:
        super().__init__(detail)
        self.fields: dict[str, str] = {}
        if job is not None:
            self.fields["manifest_url"] = reverse("api:manifest", args=[job.pk])


class TrackNotFound(SeparationError):
    code = "not_found"
    http_status: ClassVar[int] = 404
