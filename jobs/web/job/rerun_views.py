"""Running a job again exactly, from its page."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from jobs.sentences import translated
from jobs.services.job.rerun import rerun_job
from jobs.web.requests import UserRequest, visible_job
from separation.errors import SeparationError


@login_required
@require_POST
def rerun(request: UserRequest, job_id: UUID) -> HttpResponse:
    """Redirects to the new job, or back to the old one with the reason of the refusal."""
    job = visible_job(request, job_id)
    try:
        new_job = rerun_job(job=job)
    except SeparationError as error:
        messages.error(request, translated(error.detail))
        return redirect("jobs:detail", job.pk)
    return redirect("jobs:detail", new_job.pk)
