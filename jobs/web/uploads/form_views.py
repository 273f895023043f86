"""The upload form, which is the first page of members."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from jobs.http.status import status_of
from jobs.models import Batch, Job, Upload
from jobs.services.batches.actions import finish_form_batch
from jobs.services.email import mail_is_set_up, notice_obstacle
from jobs.services.presets import site_presets
from jobs.services.quotas.allowance import allowance_of
from jobs.services.quotas.reservation import Hold, reserve
from jobs.services.sources.receive_source import sent_before
from jobs.services.timing.speed import Speeds
from jobs.services.uploads.url_import import import_song, running_imports, takes_pages
from jobs.web.form_errors import first_error
from jobs.web.requests import LOGGED_OUT, UserRequest, wants_json
from jobs.web.uploads import choices
from jobs.web.uploads.batch_form import BatchForm
from jobs.web.uploads.defaults import starting_choices
from jobs.web.uploads.forms import SeparationForm
from jobs.web.uploads.receive_form import SizeLimitHandler, body_size, guard_body, largest_body
from jobs.web.uploads.submission import SubmissionOutcome, submit_files
from separation.errors import (
    DiskFull,
    InvalidOptions,
    QuotaExceeded,
    SeparationError,
    TooLarge,
)

TOO_MUCH = gettext_lazy(
    "The files together are larger than this server takes in one go. Send fewer at a time."
)


# Exempt here and protected in `_receive`: the CSRF check reads the body, and no body is read
# before the account and the limits are checked.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: UserRequest) -> HttpResponseBase:
    if not request.user.is_authenticated:
        return _log_in_first(request)
    if request.method != "POST":
        return _page(request)
    if body_size(request) > largest_body():
        return _too_much(request)
    try:
        limit = guard_body(request)
        with reserve(owner=request.user, size_bytes=body_size(request)) as hold:
            return _receive(request, limit, hold)
    except (DiskFull, QuotaExceeded) as error:
        return _refused(request, [error])


@csrf_protect
def _receive(request: UserRequest, limit: SizeLimitHandler, hold: Hold) -> HttpResponseBase:
    form = SeparationForm(request.POST)
    files = request.FILES.getlist("files")
    outcomes = [_too_large(name) for name in limit.refused]
    error: SeparationError | None = _form_error(form, bool(files or outcomes))
    batch = None
    if not error:
        try:
            batch = BatchForm(request.POST).batch_for(request.user, songs=len(files))
        except SeparationError as refusal:
            error = refusal
    if not error:
        outcomes += submit_files(
            hold=hold, files=files, request=form.separation_request, batch=batch
        )
        batch = batch and finish_form_batch(batch)
    # Released before the answer, as the page shows the remaining quota.
    hold.release()
    return _refused(request, [error], form) if error else _answer(request, outcomes, form, batch)


def _form_error(form: SeparationForm, has_files: bool) -> InvalidOptions | None:
    if not form.is_valid():
        return InvalidOptions(first_error(form))
    return None if has_files else InvalidOptions(_("Choose at least one audio file."))


@require_POST
def from_url(request: UserRequest) -> HttpResponseBase:
    """The same form, with the address of a song in place of files."""
    if not request.user.is_authenticated:
        return _log_in_first(request)
    form = SeparationForm(request.POST)
    if not form.is_valid():
        return _refused(request, [InvalidOptions(first_error(form))], form)
    url = request.POST.get("url", "").strip()
    if not url:
        return _refused(request, [InvalidOptions(_("Type in the address of a song."))], form)
    try:
        batch = BatchForm(request.POST).batch_for(request.user, songs=1)
        job = import_song(owner=request.user, url=url, request=form.separation_request, batch=batch)
    except SeparationError as error:
        return _refused(request, [error], form)
    return redirect("jobs:detail", job.pk)


def _answer(
    request: UserRequest,
    outcomes: list[SubmissionOutcome],
    form: SeparationForm,
    batch: Batch | None,
) -> HttpResponse:
    created = [outcome.job for outcome in outcomes if outcome.job]
    failed = [outcome for outcome in outcomes if outcome.error]
    if not created:
        return _refused(request, [o.error for o in failed if o.error], form, failed)
    if wants_json(request) and not failed:
        return JsonResponse({"url": reverse("jobs:detail", args=[created[0].pk])}, status=201)
    for outcome in failed:
        messages.error(request, f"{outcome.name}: {outcome.error}")
    for job in created:
        _say_if_known(request, job)
    if len(outcomes) == 1:
        return redirect("jobs:detail", created[0].pk)
    messages.success(
        request,
        _("%(accepted)s of %(sent)s songs are in the queue.")
        % {"accepted": len(created), "sent": len(outcomes)},
    )
    if batch is None or len(created) == 1:
        return redirect("jobs:detail", created[0].pk)
    return redirect("jobs:batch", batch.pk)


def _say_if_known(request: UserRequest, job: Job) -> None:
    older = sent_before(job.source)
    if older is not None:
        messages.info(
            request,
            _("%(name)s: you had sent this very song before, as %(older)s. It is stored twice now.")
            % {"name": job.source.label, "older": older.label},
        )


def _refused(
    request: UserRequest,
    errors: list[SeparationError],
    form: SeparationForm | None = None,
    failed: list[SubmissionOutcome] | None = None,
) -> HttpResponse:
    status = status_of(errors[0])
    if wants_json(request):
        return JsonResponse({"code": errors[0].code, "detail": errors[0].detail}, status=status)
    shown = failed or [SubmissionOutcome(name="", error=error) for error in errors]
    return _page(request, form, shown, status=status)


def _page(
    request: UserRequest,
    form: SeparationForm | None = None,
    failed: list[SubmissionOutcome] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    speeds = Speeds.load()
    form = form or SeparationForm(initial=starting_choices(request.user))
    cards: list[choices.ModelCard] = []
    unusable: list[choices.ModelCard] = []
    for card in choices.measured_cards(speeds):
        # What was chosen before stays where it can be seen and changed.
        is_chosen = card.value == form["model"].value()
        (unusable if card.obstacle and not is_chosen else cards).append(card)
    presets = {row.name: row for row in site_presets(speeds)}
    context = {
        "form": form,
        "failed": failed or [],
        "main_presets": [presets.pop(name) for name in choices.MAIN_PRESETS],
        "more_presets": list(presets.values()),
        "cards": [card for card in cards if card.featured],
        "more_cards": [card for card in cards if not card.featured],
        "unusable_cards": unusable,
        "stages": choices.STAGE_BOXES,
        "stem_boxes": choices.shown_stems(cards),
        "max_upload_bytes": settings.MAX_UPLOAD_BYTES,
        "allowance": allowance_of(request.user),
        "has_remote": bool(settings.REMOTE_URL),
        "is_offline": settings.OFFLINE,
        "unfinished": Upload.objects.resumable().visible_to(request.user),
        "url_import": settings.URL_IMPORT,
        "fetching": running_imports(request.user) if settings.URL_IMPORT else (),
        "url_import_pages": takes_pages(),
        "sends_mail": mail_is_set_up(),
        "notice_obstacle": notice_obstacle(request.user),
        "wants_notice": request.method == "POST" and "notify_by_email" in request.POST,
    }
    return render(request, "jobs/upload.html", context, status=status)


def _log_in_first(request: HttpRequest) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"code": "not_authenticated", "detail": LOGGED_OUT}, status=401)
    return redirect_to_login("/")


def _too_much(request: HttpRequest) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"code": TooLarge.code, "detail": TOO_MUCH}, status=413)
    return render(request, "413.html", status=413)


def _too_large(name: str) -> SubmissionOutcome:
    limit = f"{settings.MAX_UPLOAD_BYTES / 1e6:.1f} MB"
    sentence = _("The file is larger than the %(most)s accepted here.") % {"most": limit}
    return SubmissionOutcome(name=name, error=TooLarge(sentence))
