"""Views that accept or dismiss a newer version of a job; ``job_id`` names the version."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.base_views import JobView
from jobs.api.job.serializers import JobSerializer
from jobs.api.schema import refusals
from jobs.services.campaigns.versions import accept_version, dismiss_version


class AcceptView(JobView):
    @extend_schema(
        operation_id="jobs_accept",
        summary="Replace a job by its newer version",
        request=None,
        responses={200: JobSerializer, **refusals(401, 404, 409)},
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        return Response(JobSerializer(accept_version(job=self.get_job(job_id))).data)


class DismissView(JobView):
    @extend_schema(
        operation_id="jobs_dismiss",
        summary="Delete the files of a newer version; its manifest stays",
        request=None,
        responses={200: JobSerializer, **refusals(401, 404, 409)},
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        return Response(JobSerializer(dismiss_version(job=self.get_job(job_id))).data)
