"""The owner creates and revokes share links for people without an account."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from jobs.http.addresses import link_address
from jobs.models import ShareLink
from jobs.services.sharing import create_link, revoke_link, shareable_stems
from jobs.web.form_errors import first_error
from jobs.web.requests import UserRequest, visible_job
from jobs.web.sharing.owner import ShareForm
from separation.errors import InvalidOptions, SeparationError


@never_cache
@login_required
@require_POST
def create(request: UserRequest, job_id: UUID) -> HttpResponse:
    """Answers with the link itself instead of a redirect: no second request could show it, as the
    site stores only its digest."""
    job = visible_job(request, job_id)
    form = ShareForm(request.POST, stems=shareable_stems(job))
    try:
        if not form.is_valid():
            raise InvalidOptions(first_error(form))
        new = create_link(job=job, created_by=request.user, **form.choices)
    except SeparationError as error:
        messages.error(request, error.detail)
        return redirect("jobs:detail", job.pk)
    context = {"job": job, "link": new.link, "address": link_address(request, new.token)}
    return render(request, "jobs/share_made.html", context)


@login_required
@require_POST
def revoke(request: UserRequest, job_id: UUID, link_id: UUID) -> HttpResponse:
    job = visible_job(request, job_id)
    link = get_object_or_404(ShareLink.objects.visible_to(request.user), job=job, pk=link_id)
    revoke_link(link=link)
    # To the list, which shows it; a message at the top of the page would be out of sight.
    return redirect(f"{reverse('jobs:detail', args=(job.pk,))}#share")
