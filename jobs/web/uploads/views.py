"""Views for the upload page's script: announce a file, its outcome, separate a known song."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from jobs.errors import UploadGone
from jobs.http.status import status_of
from jobs.models import Job, Upload
from jobs.services.uploads.session import (
    create_job_of_duplicate,
    finish_if_complete,
    resume_or_begin,
    terminate,
)
from jobs.web.form_errors import first_error
from jobs.web.requests import LOGGED_OUT, UserRequest
from jobs.web.uploads.batch_form import BatchForm
from jobs.web.uploads.forms import SeparationForm
from separation.errors import InvalidOptions, SeparationError

P = ParamSpec("P")


class FileForm(forms.Form):
    """The facts of a file that a browser has before it reads the file."""

    name = forms.CharField(max_length=1000)
    size_bytes = forms.IntegerField(min_value=0)
    modified_ms = forms.IntegerField(min_value=-(2**62), max_value=2**62)


def errors_as_json(
    view: Callable[Concatenate[UserRequest, P], JsonResponse],
) -> Callable[Concatenate[UserRequest, P], JsonResponse]:
    """Answers every error as JSON, also that of a person who was logged out."""

    @wraps(view)
    def answer(request: UserRequest, /, *args: P.args, **kwargs: P.kwargs) -> JsonResponse:
        if not request.user.is_authenticated:
            return _refusal("not_authenticated", LOGGED_OUT, 401)
        try:
            return view(request, *args, **kwargs)
        except SeparationError as error:
            return _refusal(error.code, error.detail, status_of(error))

    return answer


@require_POST
@errors_as_json
def begin(request: UserRequest) -> JsonResponse:
    file, choices, batch_form = (
        FileForm(request.POST),
        SeparationForm(request.POST),
        BatchForm(request.POST),
    )
    for form in (file, choices, batch_form):
        if not form.is_valid():
            raise InvalidOptions(first_error(form))
    upload = resume_or_begin(
        owner=request.user,
        request=choices.separation_request,
        batch=batch_form.batch_for(request.user),
        **file.cleaned_data,
    )
    addresses = {
        "upload": reverse("api:upload", args=[upload.pk]),
        "outcome": reverse("jobs:upload-outcome", args=[upload.pk]),
        "again": reverse("jobs:upload-again", args=[upload.pk]),
        "cancel": reverse("jobs:upload-cancel", args=[upload.pk]),
        "batch": reverse("jobs:batch", args=[upload.batch_id]) if upload.batch_id else "",
    }
    return JsonResponse(addresses, status=201)


@never_cache
@require_GET
@errors_as_json
def outcome(request: UserRequest, upload_id: UUID) -> JsonResponse:
    upload = finish_if_complete(_visible(request, upload_id))
    if upload.source is None:
        return JsonResponse({"state": "receiving"})
    if upload.job is not None:
        return JsonResponse({"state": "queued", "url": _address(upload.job)})
    newest = Job.objects.listed().filter(source=upload.source).order_by("-created_at").first()
    known = {"name": upload.source.original_name, "url": _address(newest) if newest else ""}
    return JsonResponse({"state": "known", **known})


@require_POST
@errors_as_json
def again(request: UserRequest, upload_id: UUID) -> JsonResponse:
    job = create_job_of_duplicate(_visible(request, upload_id))
    return JsonResponse({"url": _address(job)}, status=201)


@require_POST
@errors_as_json
def cancel(request: UserRequest, upload_id: UUID) -> JsonResponse:
    """``url``: of the job that had come of it; ``ended``: too late, it has run to its end."""
    job = terminate(_visible(request, upload_id))
    if job is None:
        return JsonResponse({"state": "cancelled", "url": ""})
    has_ended = job.cancel_requested_at is None
    return JsonResponse({"state": "ended" if has_ended else "cancelled", "url": _address(job)})


@login_required
@require_POST
def discard(request: UserRequest, upload_id: UUID) -> HttpResponse:
    """The button that discards an unfinished upload; it works without the script."""
    terminate(get_object_or_404(Upload.objects.visible_to(request.user), pk=upload_id))
    return redirect("jobs:upload")


def _visible(request: UserRequest, upload_id: UUID) -> Upload:
    upload = Upload.objects.visible_to(request.user).filter(pk=upload_id).first()
    if upload is None:
        raise UploadGone("There is no such upload any more. Choose the song again.")
    return upload


def _address(job: Job) -> str:
    return reverse("jobs:detail", args=[job.pk])


def _refusal(code: str, detail: str, status: int) -> JsonResponse:
    return JsonResponse({"code": code, "detail": detail}, status=status)
