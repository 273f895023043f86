"""The files of the mixer: the song's description, and the preview and peaks of each stem; and the
state in which its owner leaves it."""

from collections.abc import Callable
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_POST, require_safe

from jobs.http.listening import listening_response
from jobs.http.status import status_of
from jobs.models import Job
from jobs.services.listening.index import (
    COVER,
    INDEX,
    Listening,
    ListeningStem,
    is_playable,
    listening_of,
    state_of,
)
from jobs.services.listening.waveform import waveform_svg
from jobs.services.mixer_state import mixer_state_of, save_mixer_state
from jobs.services.saved_mixes import KINDS, Saved, delete_entry, rename_entry, save_entry, saved_of
from jobs.web.mixing.mixer import song as song_of
from jobs.web.requests import UserRequest, visible_job
from separation.errors import InvalidOptions, SeparationError


@login_required
@require_safe
def song(request: UserRequest, job_id: UUID) -> JsonResponse:
    job = visible_job(request, job_id)
    kept = {
        "state": mixer_state_of(job=job, owner=request.user),
        "saved": saved_of(job=job, owner=request.user),
    }
    told = {**song_of(job, _listening(job)), **kept}
    response = JsonResponse(told)
    response["Cache-Control"] = "private, no-cache"
    return response


@login_required
@require_POST
def state(request: UserRequest, job_id: UUID) -> HttpResponse:
    """Saves ``state``, which is JSON in a field of a form: a page that is being left can send no
    header with it."""
    job = visible_job(request, job_id)
    listening, text = _listening(job), request.POST.get("state", "")
    try:
        save_mixer_state(job=job, owner=request.user, listening=listening, text=text)
    except Job.DoesNotExist as error:
        raise Http404("this job was deleted a moment ago") from error
    except SeparationError as error:
        told = {"code": error.code, "detail": error.detail}
        return JsonResponse(told, status=status_of(error))
    return HttpResponse(status=204)


@login_required
@require_POST
def saved(request: UserRequest, job_id: UUID) -> JsonResponse:
    """Saves, renames or deletes one named loop or mix, and answers with all of them."""
    job = visible_job(request, job_id)
    listening = _listening(job)
    try:
        return JsonResponse(_changed(request, job, listening))
    except Job.DoesNotExist as error:
        raise Http404("this job was deleted a moment ago") from error
    except SeparationError as error:
        told = {"code": error.code, "detail": error.detail}
        return JsonResponse(told, status=status_of(error))


def _changed(request: UserRequest, job: Job, listening: Listening) -> Saved:
    form, owner = request.POST, request.user
    kind = next((kind for kind in KINDS if kind == form.get("kind")), None)
    name, entry_id = form.get("name", ""), form.get("id", "")
    match form.get("action"):
        case "save" if kind:
            text = form.get("value", "")
            return save_entry(
                job=job, owner=owner, listening=listening, kind=kind, name=name, text=text
            )
        case "rename" if kind:
            return rename_entry(job=job, owner=owner, kind=kind, entry_id=entry_id, name=name)
        case "delete" if kind:
            return delete_entry(job=job, owner=owner, kind=kind, entry_id=entry_id)
    raise InvalidOptions("The form did not say what to save. Load the page again.")


@login_required
@require_safe
def preview(request: UserRequest, job_id: UUID, name: str) -> HttpResponseBase:
    return _file(request, job_id, name, lambda stem: stem.preview)


@login_required
@require_safe
def peaks(request: UserRequest, job_id: UUID, name: str) -> HttpResponseBase:
    return _file(request, job_id, name, lambda stem: stem.peaks)


@login_required
@require_safe
def waveform(request: UserRequest, job_id: UUID) -> HttpResponseBase:
    """The small waveform in the library."""
    job = visible_job(request, job_id)
    listening = _listening(job)
    try:
        etag = quote_etag(state_of(job.directory / INDEX))
        known = get_conditional_response(request, etag=etag)
        response = known or HttpResponse(waveform_svg(job, listening), "image/svg+xml")
    except OSError as error:
        raise Http404("the peaks of this job are no longer there") from error
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=86400"
    return response


@login_required
@require_safe
def cover(request: UserRequest, job_id: UUID) -> HttpResponseBase:
    """The song's cover as a small picture."""
    job = visible_job(request, job_id)
    _listening(job)
    return listening_response(request, job, COVER)


def _file(
    request: UserRequest, job_id: UUID, name: str, which: Callable[[ListeningStem], str]
) -> HttpResponseBase:
    job = visible_job(request, job_id)
    stem = _listening(job).stem(name)
    if stem is None:
        raise Http404(f"there is nothing to listen to of a track {name!r}")
    return listening_response(request, job, which(stem))


def _listening(job: Job) -> Listening:
    found = listening_of(job) if is_playable(job) else None
    if found is None:
        raise Http404("this job has nothing to listen to")
    return found
