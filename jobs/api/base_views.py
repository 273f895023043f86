"""The base class of the views of one job."""

from uuid import UUID

from django.http import Http404
from rest_framework.views import APIView

from jobs.models import Job
from jobs.models.job import JobQuerySet


class JobView(APIView):
    """Finds the job among those that the account may see; any other job is answered with 404."""

    def get_queryset(self) -> JobQuerySet:
        return Job.objects.visible_to(self.request.user).select_related("source")

    def get_job(self, job_id: UUID) -> Job:
        job = self.get_queryset().filter(pk=job_id).first()
        if job is None:
            raise Http404("There is no such job.")
        return job
