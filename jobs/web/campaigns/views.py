"""The owner accepts or dismisses a newer version of a job; ``job_id`` names the version."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from jobs.services.campaigns.versions import accept_version, dismiss_version
from jobs.web.requests import UserRequest, visible_job
from separation.errors import SeparationError


@login_required
@require_POST
def accept(request: UserRequest, job_id: UUID) -> HttpResponse:
    job = visible_job(request, job_id)
    try:
        accept_version(job=job)
    except SeparationError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, "The newer version is in your library now.")
    return redirect("jobs:detail", job.pk)


@login_required
@require_POST
def dismiss(request: UserRequest, job_id: UUID) -> HttpResponse:
    job = visible_job(request, job_id)
    try:
        dismiss_version(job=job)
    except SeparationError as error:
        messages.error(request, error.detail)
        return redirect("jobs:detail", job.pk)
    messages.success(request, "The newer version is dismissed and its tracks are deleted.")
    return redirect("jobs:detail", job.replaces_id or job.pk)
