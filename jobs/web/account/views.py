"""The account page: quotas, theme, default options and the export."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from jobs.http.export import export_response
from jobs.http.throttles import ExportThrottle
from jobs.models import ApiToken
from jobs.models.preferences import Theme
from jobs.services.account.preferences import language_of, set_defaults, set_theme, theme_of
from jobs.services.account.tokens import NewToken
from jobs.services.quotas.allowance import allowance_of
from jobs.web.account.forms import DefaultsForm, ThemeForm, TokenForm
from jobs.web.form_errors import first_error
from jobs.web.requests import UserRequest
from jobs.web.uploads import choices
from jobs.web.uploads.defaults import starting_choices


@never_cache
@login_required
@require_GET
def account(request: UserRequest) -> HttpResponse:
    return account_page(request)


def account_page(
    request: UserRequest,
    *,
    defaults: DefaultsForm | None = None,
    token_form: TokenForm | None = None,
    made: NewToken | None = None,
    status: int = 200,
) -> HttpResponse:
    """``made``: a new token; only this answer shows it."""
    allowance = allowance_of(request.user)
    context = {
        "gauges": [*allowance.own, *allowance.shared],
        "refusal": allowance.refusal,
        "theme_form": ThemeForm(initial={"theme": theme_of(request.user)}),
        "language": language_of(request.user),
        "defaults_form": defaults or DefaultsForm(initial=starting_choices(request.user)),
        "stages": choices.STAGE_BOXES,
        "tokens": ApiToken.objects.visible_to(request.user),
        "token_form": token_form or TokenForm(),
        "made": made,
        "retention_days": settings.RETENTION_DAYS,
    }
    return render(request, "jobs/account.html", context, status=status)


@login_required
@require_POST
def theme(request: UserRequest) -> HttpResponse:
    form = ThemeForm(request.POST)
    if form.is_valid():
        set_theme(owner=request.user, theme=Theme(form.cleaned_data["theme"]))
        messages.success(request, _("The theme is saved."))
    else:
        messages.error(request, first_error(form))
    return redirect("jobs:account")


@login_required
@require_POST
def defaults(request: UserRequest) -> HttpResponse:
    form = DefaultsForm(request.POST)
    if not form.is_valid():
        return account_page(request, defaults=form, status=400)
    set_defaults(owner=request.user, chosen=form.cleaned_data)
    messages.success(request, _("New songs start with this from now on."))
    return redirect("jobs:account")


@never_cache
@login_required
@require_GET
def export(request: UserRequest) -> HttpResponseBase:
    minutes = ExportThrottle().wait_before(request)
    if not minutes:
        with translation.override("en"):  # it is data, as the answers of the API are
            return export_response(request, request.user)
    words = _("You have exported your data often enough for now. Try again in %(minutes)s min.")
    messages.error(request, words % {"minutes": minutes})
    return account_page(request, status=429)
