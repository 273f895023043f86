from collections.abc import Iterable
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from jobs.api.base_views import JobView
from jobs.api.schema import IF_NONE_MATCH, RANGE, refusals
from jobs.http.downloads import all_tracks_response, track_response
from jobs.models.job import JobQuerySet


class AnythingAccepted(DefaultContentNegotiation):
    """Ignores Accept: a player requests ``audio/*``, but an error is answered as JSON."""

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type


class FileView(JobView):
    content_negotiation_class = AnythingAccepted

    def get_queryset(self) -> JobQuerySet:
        return super().get_queryset().prefetch_related("artifacts")


class DownloadView(FileView):
    @extend_schema(
        operation_id="jobs_download",
        summary="One track",
        parameters=[RANGE, IF_NONE_MATCH],
        responses={
            (200, "audio/*"): OpenApiTypes.BINARY,
            (206, "audio/*"): OpenApiTypes.BINARY,
            **refusals(401, 404, 409, 410),
        },
    )
    def get(self, request: Request, job_id: UUID, track: str) -> HttpResponseBase:
        return track_response(request._request, self.get_job(job_id), track)


class DownloadAllView(FileView):
    @extend_schema(
        operation_id="jobs_download_all",
        summary="All tracks and the manifest as one ZIP",
        responses={(200, "application/zip"): OpenApiTypes.BINARY, **refusals(401, 404, 409, 410)},
    )
    def get(self, request: Request, job_id: UUID) -> HttpResponseBase:
        return all_tracks_response(request._request, self.get_job(job_id))
