"""The first page: what this is for a stranger, the upload form for a member."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from jobs.api.errors import status_of
from jobs.services.url_import import import_song
from jobs.web import choices
from jobs.web.forms import SeparationForm
from jobs.web.intake import SizeLimitHandler, body_size, guard_body, largest_body
from jobs.web.requests import UserRequest, wants_json
from jobs.web.submission import Outcome, submit_files
from separation.errors import DiskFull, InvalidOptions, SeparationError, TooLarge

TOO_MUCH = "The files together are larger than this server takes in one go. Send fewer at a time."


# Exempt here, protected in `_receive`: the check reads the body, and nobody's body is read
# before the account and the limits are known.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: UserRequest) -> HttpResponseBase:
    if request.method != "POST":
        return _page(request) if request.user.is_authenticated else _landing(request)
    if not request.user.is_authenticated:
        return _log_in_first(request)
    if body_size(request) > largest_body():
        return _too_much(request)
    try:
        limit = guard_body(request)
    except DiskFull as error:
        return _refused(request, [error], SeparationForm())
    return _receive(request, limit)


@csrf_protect
def _receive(request: UserRequest, limit: SizeLimitHandler) -> HttpResponseBase:
    form = SeparationForm(request.POST)
    files = request.FILES.getlist("files")
    refused = [_too_large(name) for name in limit.refused]
    if not form.is_valid():
        return _refused(request, [InvalidOptions(_first_error(form))], form)
    if not files and not refused:
        return _refused(request, [InvalidOptions("Choose at least one audio file.")], form)
    wanted = form.separation_request
    outcomes = refused + submit_files(owner=request.user, files=files, request=wanted)
    return _answer(request, outcomes, form)


@require_POST
def from_url(request: UserRequest) -> HttpResponseBase:
    """The same form, with the address of a song in place of files."""
    if not request.user.is_authenticated:
        return _log_in_first(request)
    form = SeparationForm(request.POST)
    if not form.is_valid():
        return _refused(request, [InvalidOptions(_first_error(form))], form)
    url = request.POST.get("url", "").strip()
    if not url:
        return _refused(request, [InvalidOptions("Type in the address of a song.")], form)
    try:
        job = import_song(owner=request.user, url=url, request=form.separation_request)
    except SeparationError as error:
        return _refused(request, [error], form)
    return redirect("jobs:detail", job.pk)


def _answer(request: UserRequest, outcomes: list[Outcome], form: SeparationForm) -> HttpResponse:
    created = [outcome.job for outcome in outcomes if outcome.job]
    failed = [outcome for outcome in outcomes if outcome.error]
    if not created:
        return _refused(request, [o.error for o in failed if o.error], form, failed)
    if wants_json(request) and not failed:
        return JsonResponse({"url": reverse("jobs:detail", args=[created[0].pk])}, status=201)
    for outcome in failed:
        messages.error(request, f"{outcome.name}: {outcome.error}")
    if len(outcomes) == 1:
        return redirect("jobs:detail", created[0].pk)
    messages.success(request, f"{len(created)} of {len(outcomes)} songs are in the queue.")
    return redirect("jobs:history")


def _refused(
    request: UserRequest,
    errors: list[SeparationError],
    form: SeparationForm,
    failed: list[Outcome] | None = None,
) -> HttpResponse:
    status = status_of(errors[0])
    if wants_json(request):
        return JsonResponse({"code": errors[0].code, "detail": errors[0].detail}, status=status)
    named = failed or [Outcome(name="", error=error) for error in errors]
    return _page(request, form, named, status=status)


def _page(
    request: HttpRequest,
    form: SeparationForm | None = None,
    failed: list[Outcome] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    cards = choices.model_cards()
    context = {
        "form": form or SeparationForm(),
        "failed": failed or [],
        "cards": [card for card in cards if card.featured],
        "more_cards": [card for card in cards if not card.featured],
        "stages": choices.STAGES,
        "stem_boxes": choices.stem_choices(),
        "max_upload_bytes": settings.MAX_UPLOAD_BYTES,
        "has_remote": bool(settings.REMOTE_URL),
        "url_import": settings.URL_IMPORT,
    }
    return render(request, "jobs/upload.html", context, status=status)


def _landing(request: HttpRequest) -> HttpResponse:
    return render(request, "jobs/landing.html", {"signup_open": settings.SIGNUP_OPEN})


def _log_in_first(request: HttpRequest) -> HttpResponse:
    if wants_json(request):
        detail = "You are logged out. Log in again, then send the file once more."
        return JsonResponse({"code": "not_authenticated", "detail": detail}, status=401)
    return redirect_to_login("/")


def _too_much(request: HttpRequest) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"code": TooLarge.code, "detail": TOO_MUCH}, status=413)
    return render(request, "413.html", status=413)


def _too_large(name: str) -> Outcome:
    limit_mb = settings.MAX_UPLOAD_BYTES / 1e6
    return Outcome(
        name=name, error=TooLarge(f"The file is larger than the {limit_mb:.1f} MB accepted here.")
    )


def _first_error(form: SeparationForm) -> str:
    field, sentences = next(iter(form.errors.items()))
    label = form.fields[field].label or field if field in form.fields else ""
    return f"{label}: {sentences[0]}" if label else str(sentences[0])
