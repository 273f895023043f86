"""Cancels the songs that the site is fetching for a person."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from jobs.services.uploads.url_import import cancel_imports
from jobs.web.requests import UserRequest


@login_required
@require_POST
def cancel_fetching(request: UserRequest) -> HttpResponse:
    """The button beside the one that fetches; pressing it ends the waiting for that one."""
    count = cancel_imports(owner=request.user)
    if count:
        words = ngettext(
            "The song is not fetched, and nothing is made of it.",
            "%(count)d songs are not fetched, and nothing is made of them.",
            count,
        )
        messages.success(request, words % {"count": count})
    else:
        messages.info(request, _("Nothing is being fetched: the song has arrived, or was refused."))
    return redirect("jobs:upload")
