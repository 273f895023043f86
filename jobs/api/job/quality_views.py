"""The view of a job's quality report."""

from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from jobs.api.base_views import JobView
from jobs.api.job.quality_serializers import QualityReportSerializer
from jobs.api.job.views import revalidated
from jobs.api.schema import refusals
from jobs.errors import JobConflict
from jobs.services.quality import report_of


class QualityView(JobView):
    @extend_schema(
        operation_id="jobs_quality",
        summary="The quality report: measurements of each stem, and a verdict in words",
        responses={200: QualityReportSerializer, **refusals(401, 404, 409)},
    )
    def get(self, request: Request, job_id: UUID) -> HttpResponseBase:
        report = report_of(self.get_job(job_id))
        if report is None:
            raise JobConflict(
                "The job has no quality report: its stems are not finished, it has none, or it is "
                "from before there were reports. Separate the song again to get one."
            )
        return revalidated(request, QualityReportSerializer(report).data)
