"""The views that create, list, read, cancel, retry and delete jobs."""

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib.auth.models import User
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from jobs.api.base_views import JobView
from jobs.api.job.serializers import (
    CreatedJobSerializer,
    JobChangeSerializer,
    JobSerializer,
    JobSummarySerializer,
    OutputsSerializer,
)
from jobs.api.known_fields import refuse_unknown
from jobs.api.schema import IF_NONE_MATCH, refusals
from jobs.api.uploads.serializers import BARE_BODY_PARAMETERS, UPLOAD_BODY
from jobs.api.uploads.submission import NOTHING_ELSE, UPLOAD_PARSERS, submit
from jobs.http.job_filters import JobFilterSerializer, filtered
from jobs.http.manifests import require_manifest
from jobs.models import Job
from jobs.models.job import JobQuerySet
from jobs.services.job.cancel import cancel_job
from jobs.services.job.delete import delete_job
from jobs.services.job.retry import retry_job
from jobs.services.sources.rename import rename
from separation.stage_table import OPTIONAL_STAGES

PAGING = ("page", "page_size")


class UploadMixin(APIView):
    """POST of a song; only POST counts against the rate of uploads."""

    parser_classes = UPLOAD_PARSERS
    throttle_scope: str | None = None
    usual: ClassVar[Mapping[str, Any]] = NOTHING_ELSE

    def get_throttles(self) -> list[BaseThrottle]:
        self.throttle_scope = "upload" if self.request.method == "POST" else None
        return super().get_throttles()

    @extend_schema(
        operation_id="jobs_create",
        summary="Upload a song, name its address or one that is here, and queue it",
        parameters=BARE_BODY_PARAMETERS,
        request=UPLOAD_BODY,
        responses={201: CreatedJobSerializer, **refusals(400, 401, 404, 409, 413, 415, 502, 503)},
    )
    def post(self, request: Request) -> Response:
        job = submit(request, self.usual)
        headers = {"Location": reverse("api:job", args=[job.pk])}
        return Response(CreatedJobSerializer(job).data, status=201, headers=headers)


class JobsView(UploadMixin, ListAPIView[Job]):
    serializer_class = JobSummarySerializer

    def get_queryset(self) -> JobQuerySet:
        refuse_unknown(self.request.query_params, (*JobFilterSerializer().fields, *PAGING))
        jobs = Job.objects.visible_to(self.request.user).listed().select_related("source")
        return filtered(jobs, self.request.query_params.dict()).prefetch_related("tags")

    @extend_schema(
        operation_id="jobs_list",
        summary="Your jobs, newest first unless sorted otherwise",
        parameters=[JobFilterSerializer],
        responses={200: JobSummarySerializer(many=True), **refusals(400, 401)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class ProcessView(UploadMixin):
    """``POST /process`` of the specification, which promises every stage unless told otherwise."""

    usual: ClassVar[Mapping[str, Any]] = {"stages": OPTIONAL_STAGES}


class JobDetailView(JobView):
    def get_queryset(self) -> JobQuerySet:
        return super().get_queryset().prefetch_related("stages", "replacements")

    @extend_schema(
        operation_id="jobs_read",
        summary="One job with its progress",
        parameters=[IF_NONE_MATCH],
        responses={
            200: JobSerializer,
            304: OpenApiResponse(description="Nothing has changed since that ETag."),
            **refusals(401, 404),
        },
    )
    def get(self, request: Request, job_id: UUID) -> HttpResponseBase:
        return revalidated(request, JobSerializer(self.get_job(job_id)).data)

    @extend_schema(
        operation_id="jobs_change",
        summary="Rename the song of a job",
        request=JobChangeSerializer,
        responses={200: JobSerializer, **refusals(400, 401, 404)},
    )
    def patch(self, request: Request, job_id: UUID) -> Response:
        job = self.get_job(job_id)
        serializer = JobChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        if "title" in serializer.validated_data:
            title = serializer.validated_data["title"]
            rename(owner=cast("User", request.user), source=job.source, title=title)
        return Response(JobSerializer(job).data)

    @extend_schema(
        operation_id="jobs_delete",
        summary="Delete an ended job with its files",
        responses={204: None, **refusals(401, 404, 409)},
    )
    def delete(self, request: Request, job_id: UUID) -> Response:
        delete_job(job=self.get_job(job_id))
        return Response(status=204)


class OutputsView(JobView):
    def get_queryset(self) -> JobQuerySet:
        return super().get_queryset().prefetch_related("artifacts")

    @extend_schema(
        operation_id="jobs_outputs",
        summary="The tracks of a job",
        responses={200: OutputsSerializer, **refusals(401, 404)},
    )
    def get(self, request: Request, job_id: UUID) -> HttpResponseBase:
        return revalidated(request, OutputsSerializer(self.get_job(job_id)).data)


class CancelView(JobView):
    @extend_schema(
        operation_id="jobs_cancel",
        summary="Cancel a waiting or running job",
        request=None,
        responses={200: JobSerializer, **refusals(401, 404, 409)},
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        return Response(JobSerializer(cancel_job(job=self.get_job(job_id))).data)


class RetryView(JobView):
    @extend_schema(
        operation_id="jobs_retry",
        summary="Run a failed or cancelled job again",
        request=None,
        responses={200: JobSerializer, **refusals(401, 404, 409)},
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        return Response(JobSerializer(retry_job(job=self.get_job(job_id))).data)


class ManifestView(JobView):
    @extend_schema(
        operation_id="jobs_manifest",
        summary="The manifest, kept for ever",
        description="Its schema is at `/schemas/manifest-<version>.json`, open to everybody.",
        parameters=[IF_NONE_MATCH],
        responses={
            200: OpenApiTypes.OBJECT,
            304: OpenApiResponse(description="Nothing has changed since that ETag."),
            **refusals(401, 404, 409),
        },
    )
    def get(self, request: Request, job_id: UUID) -> HttpResponseBase:
        return revalidated(request, require_manifest(self.get_job(job_id)))


def revalidated(request: Request, data: Any) -> HttpResponseBase:
    """``data``, or 304 for a client that has the same data already, as most polls have."""
    etag = quote_etag(hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:32])
    response = Response(data, headers={"ETag": etag, "Cache-Control": "private, no-cache"})
    answer = get_conditional_response(request._request, etag=etag, response=response)
    assert answer is not None  # it is None only without a response argument
    return answer
