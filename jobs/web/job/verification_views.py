"""Verifying a job from its page: the button, and the fragment that waits for the result."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from jobs.http.downloads import check_downloadable
from jobs.sentences import translated
from jobs.services.verification import request_verification
from jobs.web.requests import UserRequest, visible_job
from separation.errors import SeparationError


@login_required
@require_POST
def verify(request: UserRequest, job_id: UUID) -> HttpResponse:
    job = visible_job(request, job_id)
    try:
        check_downloadable(job)
        request_verification(job=job)
    except SeparationError as error:
        messages.error(request, translated(error.detail))
        return redirect("jobs:detail", job.pk)
    return redirect(f"{reverse('jobs:detail', args=(job.pk,))}#details")


@never_cache
@require_GET
def verification(request: UserRequest, job_id: UUID) -> HttpResponse:
    """The part of the page that is fetched again while the job is verified."""
    if request.htmx and not request.user.is_authenticated:
        # A redirect would put the log-in page into the middle of this page.
        return HttpResponse(headers={"HX-Refresh": "true"})
    return _fragment(request, job_id)


@login_required
def _fragment(request: UserRequest, job_id: UUID) -> HttpResponse:
    job = visible_job(request, job_id)
    return render(request, "jobs/partials/verification.html", {"job": job})
