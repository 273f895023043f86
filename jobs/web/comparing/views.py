"""The owner compares two results of one song, and has a song separated again."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from jobs.errors import NotComparable
from jobs.http.status import status_of
from jobs.services.comparing import sides_of
from jobs.services.job.separate_again import separate_again
from jobs.web.comparing.context import AgainForm, context_of, refused_context
from jobs.web.requests import UserRequest, visible_job
from separation.errors import InvalidOptions, SeparationError


@never_cache
@login_required
@require_GET
def compare(request: UserRequest, job_id: UUID, other_id: UUID) -> HttpResponse:
    jobs = (visible_job(request, job_id), visible_job(request, other_id))
    try:
        return render(request, "jobs/compare.html", context_of(sides_of(*jobs)))
    except NotComparable as error:
        context = {"reason": error.detail, **refused_context(jobs)}
        return render(request, "jobs/compare_refused.html", context, status=status_of(error))


@login_required
@require_POST
def again(request: UserRequest, job_id: UUID) -> HttpResponse:
    """Redirects to the new job, or back to the old one with the reason of the refusal."""
    job = visible_job(request, job_id)
    form = AgainForm(request.POST, job=job)
    try:
        if not form.is_valid():
            raise InvalidOptions(form.refusal)
        separator, model = form.chosen
        new_job = separate_again(job=job, separator=separator, model=model)
    except SeparationError as error:
        messages.error(request, error.detail)
        return redirect("jobs:detail", job.pk)
    return redirect("jobs:detail", new_job.pk)
