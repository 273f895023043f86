"""The pages behind a share link, for people without an account: a mixer of the shared stems.

Every refusal is the same page, whatever its reason, so that a link that does not work reveals
nothing about its song.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobs.http.archive import archive_response
from jobs.http.downloads import check_downloadable, track_response
from jobs.http.listening import listening_response
from jobs.http.throttles import MissedShareThrottle, ShareThrottle
from jobs.http.visitors import address_of
from jobs.services.archive import tracks_zip
from jobs.services.listening.index import ListeningStem
from jobs.services.sharing import Shared, count_view, open_link
from jobs.web.requests import too_many_requests
from jobs.web.sharing.public import context_of, song_shared
from separation.errors import SeparationError

SharedView = Callable[..., HttpResponseBase]
"""Takes the request, the token, the shared job, and the other parts of the address."""


def by_link(view: SharedView) -> SharedView:
    """``view`` for a valid token, else the page of a refusal. The headers keep the address from
    search engines and from other sites."""

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, token: str, **parameters: str) -> HttpResponseBase:
        # No session is read, so that the page is the same for everybody.
        request.user = AnonymousUser()
        response = _answer_of_view(request, token, view, parameters) or _not_found_page(request)
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return answer


def _answer_of_view(
    request: HttpRequest, token: str, view: SharedView, parameters: dict[str, Any]
) -> HttpResponseBase | None:
    shared = open_link(token)
    if shared is None:
        return None
    if wait_s := ShareThrottle().wait_before(request):
        return too_many_requests(request, wait_s)
    try:
        return view(request, token, shared, **parameters)
    except (Http404, SeparationError):
        return None


def _not_found_page(request: HttpRequest) -> HttpResponse:
    if wait_s := MissedShareThrottle().wait_before(request):
        return too_many_requests(request, wait_s)
    return render(request, "jobs/shared_gone.html", status=404)


@by_link
def page(request: HttpRequest, token: str, shared: Shared) -> HttpResponse:
    if request.method == "GET" and "prefetch" not in request.headers.get("Sec-Purpose", ""):
        browser = request.headers.get("User-Agent", "")
        count_view(link=shared.link, visitor=f"{address_of(request)} {browser}")
    return render(request, "jobs/shared.html", context_of(token, shared))


@by_link
def song(request: HttpRequest, token: str, shared: Shared) -> JsonResponse:
    return JsonResponse(song_shared(token, shared))


@by_link
def preview(request: HttpRequest, token: str, shared: Shared, name: str) -> HttpResponseBase:
    return listening_response(request, shared.job, _chosen(shared, name).preview)


@by_link
def peaks(request: HttpRequest, token: str, shared: Shared, name: str) -> HttpResponseBase:
    return listening_response(request, shared.job, _chosen(shared, name).peaks)


@by_link
def track(request: HttpRequest, token: str, shared: Shared, name: str) -> HttpResponseBase:
    if not shared.link.allow_download:
        raise Http404("this link lets nobody download")
    return track_response(request, shared.job, _chosen(shared, name).name)


@by_link
def archive(request: HttpRequest, token: str, shared: Shared) -> HttpResponseBase:
    """All stems of the link at once."""
    if not shared.link.allow_download:
        raise Http404("this link lets nobody download")
    check_downloadable(shared.job)
    return archive_response(request, tracks_zip(shared.tracks))


def _chosen(shared: Shared, name: str) -> ListeningStem:
    stem = shared.stem(name)
    if stem is None:
        raise Http404(f"a stem {name!r} is not shared")
    return stem
