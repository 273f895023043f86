"""Running a job again exactly."""

from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.base_views import JobView
from jobs.api.job.serializers import CreatedJobSerializer
from jobs.api.schema import refusals
from jobs.services.job.rerun import rerun_job


class RerunView(JobView):
    @extend_schema(
        operation_id="jobs_rerun",
        summary="Run a completed job again exactly, as a job of its own",
        description="When it is completed, `repeats` in its manifest compares each file.",
        request=None,
        responses={201: CreatedJobSerializer, **refusals(400, 401, 404, 409, 503)},
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        job = rerun_job(job=self.get_job(job_id))
        headers = {"Location": reverse("api:job", args=[job.pk])}
        return Response(CreatedJobSerializer(job).data, status=201, headers=headers)
