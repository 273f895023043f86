"""The account page creates and revokes API tokens."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from jobs.http.status import status_of
from jobs.models import ApiToken
from jobs.services.account.tokens import create_token, revoke_token
from jobs.web.account.forms import TokenForm
from jobs.web.account.views import account_page
from jobs.web.requests import UserRequest
from separation.errors import SeparationError


@never_cache
@login_required
@require_POST
def create(request: UserRequest) -> HttpResponse:
    """Answers with the page itself, as a redirect would have to store the token. A reload sends the
    form again and is refused, as the name is taken then."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return account_page(request, token_form=form, status=400)
    try:
        made = create_token(owner=request.user, **form.cleaned_data)
    except SeparationError as error:
        form.add_error(None, error.detail)
        return account_page(request, token_form=form, status=status_of(error))
    return account_page(request, made=made, status=201)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def revoke(request: UserRequest, token_id: UUID) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.visible_to(request.user), public_id=token_id)
    if request.method != "POST":
        return render(request, "jobs/token_revoke.html", {"token": token})
    revoke_token(token=token)
    words = _("The token %(name)s is revoked: it no longer works.")
    messages.success(request, words % {"name": token.label})
    return redirect("jobs:account")
