"""The files of a job: the song that was sent, tracks to play and download, the ZIP of all, and the
manifest."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from jobs.errors import JobConflict
from jobs.http.downloads import all_tracks_response, track_response
from jobs.http.errors import AudioDeleted
from jobs.http.manifests import manifest_response, schema_response
from jobs.http.original import original_response
from jobs.http.status import status_of
from jobs.models import Job
from jobs.web.requests import UserRequest, audio_deleted, visible_job
from separation.errors import SeparationError


@login_required
@require_safe
def track(request: UserRequest, job_id: UUID, name: str) -> HttpResponseBase:
    return _answer_or_error(request, job_id, lambda job: track_response(request, job, name))


@login_required
@require_safe
def listen(request: UserRequest, job_id: UUID, name: str) -> HttpResponseBase:
    return _answer_or_error(
        request, job_id, lambda job: track_response(request, job, name, as_attachment=False)
    )


@login_required
@require_safe
def original(request: UserRequest, job_id: UUID) -> HttpResponseBase:
    """The song as it was sent, which can be played before anything is separated."""
    return original_response(request, visible_job(request, job_id).source)


@login_required
@require_safe
def archive(request: UserRequest, job_id: UUID) -> HttpResponseBase:
    return _answer_or_error(request, job_id, lambda job: all_tracks_response(request, job))


@login_required
@require_safe
def manifest(request: UserRequest, job_id: UUID) -> HttpResponseBase:
    job = visible_job(request, job_id)
    try:
        return manifest_response(request, job)
    except JobConflict as error:
        raise Http404(error.detail) from error


@require_safe
def manifest_schema(request: HttpRequest, version: str) -> HttpResponseBase:
    """Open to everybody: whoever has a manifest may check it."""
    return schema_response(request, version)


def _answer_or_error(
    request: UserRequest, job_id: UUID, answer: Callable[[Job], HttpResponseBase]
) -> HttpResponseBase:
    """``answer``, or the page of an error: 404 for an unknown file, 410 for a deleted one, and the
    job's page with the reason for one that is not ready."""
    job = visible_job(request, job_id)
    try:
        return answer(job)
    except AudioDeleted as error:
        return audio_deleted(request, error, job)
    except SeparationError as error:
        if status_of(error) == 404:
            raise Http404(error.detail) from error
        messages.error(request, error.detail)
        return redirect("jobs:detail", job_id)
