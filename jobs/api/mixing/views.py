"""The view that renders a mix of a job's stems as one file."""

from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from jobs.api.job.download_views import FileView
from jobs.api.mixing.serializers import MixChoicesSerializer
from jobs.api.schema import refusals
from jobs.http.mixing import mix_response
from jobs.http.throttles import MixThrottle
from separation.mixdown.request import parse_mix


class MixView(FileView):
    def get_throttles(self) -> list[BaseThrottle]:
        return [*super().get_throttles(), MixThrottle()]

    @extend_schema(
        operation_id="jobs_mix",
        summary="Make a mix of the stems and download it",
        request=MixChoicesSerializer,
        responses={
            (200, "audio/*"): OpenApiTypes.BINARY,
            **refusals(400, 401, 404, 409, 503),
        },
    )
    def post(self, request: Request, job_id: UUID) -> HttpResponseBase:
        """The answer begins when the mix is rendered, which takes seconds."""
        job = self.get_job(job_id)
        return mix_response(job, parse_mix(request.data))
