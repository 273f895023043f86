"""One batch: its page, the fragment that the page polls, and what its owner may do to it."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from jobs.http.archive import archive_response
from jobs.models import Batch, Job
from jobs.models.job import JobStatus
from jobs.services.archive import batch_zip
from jobs.services.batches.actions import (
    cancel_batch,
    change_batch,
    delete_batch,
    retry_batch,
    songs_of,
)
from jobs.services.batches.progress import progress_of
from jobs.services.email import notice_obstacle
from jobs.services.job.bulk import BulkOutcome
from jobs.services.site_models.runnable import Runnable
from jobs.services.timing.waiting import waiting
from jobs.web.batches.forms import BatchName
from jobs.web.form_errors import first_error
from jobs.web.fragments import not_modified_or, reload_page
from jobs.web.history.bulk_messages import Words, add_messages, stopped, waiting_again
from jobs.web.requests import UserRequest, visible_batch
from separation.errors import InvalidOptions, SeparationError


@never_cache
@login_required
@require_GET
def detail(request: UserRequest, batch_id: UUID) -> HttpResponse:
    return render(request, "jobs/batch.html", _context(request, visible_batch(request, batch_id)))


@require_GET
def progress(request: UserRequest, batch_id: UUID) -> HttpResponseBase:
    """The part that the page polls; when the batch has ended, htmx reloads the whole page."""
    if request.htmx and not request.user.is_authenticated:
        return reload_page()
    return _fragment(request, batch_id)


@login_required
def _fragment(request: UserRequest, batch_id: UUID) -> HttpResponseBase:
    context = _context(request, visible_batch(request, batch_id))
    response = render(request, "jobs/partials/batch_progress.html", context)
    if not context["sight"].is_moving:  # type: ignore[attr-defined]
        response["HX-Refresh"] = "true"
    return not_modified_or(request, response)


def _context(request: UserRequest, batch: Batch) -> dict[str, object]:
    sight = progress_of(batch)
    songs = list(songs_of(batch).select_related("source"))
    available = Runnable()
    stuck = [job for job in songs if available.why_not_again(job)]
    return {
        "batch": batch,
        "sight": sight,
        "songs": songs,
        "stuck": stuck,
        "can_run_again": sight.retryable - len(stuck),
        "place_words": _place(request, songs) if not sight.processing else "",
        "name_form": BatchName(initial={"name": batch.name}),
        "notice_obstacle": notice_obstacle(request.user),
    }


def _place(request: UserRequest, songs: list[Job]) -> str:
    """The place of the first waiting song in the queue, or that no worker runs."""
    first = next((job for job in songs if job.status == JobStatus.PENDING), None)
    place = waiting(first) if first else None
    return place.sentence(for_staff=request.user.is_staff) if place else ""


@login_required
@require_POST
def retry(request: UserRequest, batch_id: UUID) -> HttpResponse:
    batch = visible_batch(request, batch_id)
    return _done(request, batch_id, retry_batch(batch=batch), waiting_again)


@login_required
@require_POST
def cancel(request: UserRequest, batch_id: UUID) -> HttpResponse:
    return _done(request, batch_id, cancel_batch(batch=visible_batch(request, batch_id)), stopped)


def _done(request: UserRequest, batch_id: UUID, outcome: BulkOutcome, done: Words) -> HttpResponse:
    add_messages(request, outcome, done)
    return redirect("jobs:batch", batch_id)


@login_required
@require_POST
def rename(request: UserRequest, batch_id: UUID) -> HttpResponse:
    batch, form = visible_batch(request, batch_id), BatchName(request.POST)
    try:
        if not form.is_valid():
            raise InvalidOptions(first_error(form))
        change_batch(batch=batch, name=form.cleaned_data["name"])
    except SeparationError as error:
        messages.error(request, error.detail)
    return redirect("jobs:batch", batch.pk)


@login_required
@require_POST
def notify(request: UserRequest, batch_id: UUID) -> HttpResponse:
    """The field ``wanted`` is yes or no."""
    batch, notify_by_email = visible_batch(request, batch_id), request.POST.get("wanted") == "yes"
    try:
        change_batch(batch=batch, notify_by_email=notify_by_email)
    except SeparationError as error:
        messages.error(request, error.detail)
    return redirect("jobs:batch", batch.pk)


@login_required
@require_safe
def archive(request: UserRequest, batch_id: UUID) -> HttpResponseBase:
    batch = visible_batch(request, batch_id)
    try:
        return archive_response(request, batch_zip(batch))
    except SeparationError as error:
        messages.error(request, error.detail)
        return redirect("jobs:batch", batch.pk)


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: UserRequest, batch_id: UUID) -> HttpResponse:
    batch = visible_batch(request, batch_id)
    if request.method != "POST":
        return render(request, "jobs/batch_delete.html", _context(request, batch))
    try:
        deleted = delete_batch(batch=batch)
    except SeparationError as error:
        messages.error(request, error.detail)
        return redirect("jobs:batch", batch.pk)
    told = ngettext(
        "%(name)s is deleted, with %(count)s song.",
        "%(name)s is deleted, with %(count)s songs.",
        deleted,
    )
    messages.success(request, told % {"name": batch.name, "count": deleted})
    return redirect("jobs:history")
