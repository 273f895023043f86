"""The pages on which a person deletes the account."""

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from jobs.http.status import status_of
from jobs.http.throttles import PasswordThrottle
from jobs.services.account.account_deletion import close_account
from jobs.services.account.contents import contents_of
from jobs.web.account.forms import ClosingForm
from jobs.web.requests import UserRequest
from separation.errors import SeparationError


@sensitive_post_parameters("password")
@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def delete(request: UserRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, ClosingForm(owner=request.user))
    # Counted before the check, so that nobody guesses the password in a session left open.
    if minutes := PasswordThrottle().wait_before(request):
        slow_down = _("Too many passwords were tried. Try again in %(minutes)s min.")
        slow_down %= {"minutes": minutes}
        return _page(request, ClosingForm(owner=request.user), slow_down, status=429)
    form = ClosingForm(request.POST, owner=request.user)
    if not form.is_valid():
        return _page(request, form, status=400)
    try:
        close_account(owner=request.user)
    except SeparationError as error:
        return _page(request, form, error.detail, status=status_of(error))
    logout(request)
    return redirect("jobs:account-deleted")


@require_GET
def deleted(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("jobs:account")
    return render(request, "jobs/account_deleted.html")


def _page(
    request: UserRequest, form: ClosingForm, wrong: str = "", *, status: int = 200
) -> HttpResponse:
    context = {"form": form, "wrong": wrong, "contents": contents_of(request.user)}
    return render(request, "jobs/account_delete.html", context, status=status)
