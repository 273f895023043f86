"""The first page, and the files of the song that it plays to visitors without an account."""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from jobs.http.listening import preview_response
from jobs.http.throttles import ShareThrottle
from jobs.services.front_demo import FrontDemo, front_demo
from jobs.services.listening.index import ListeningStem
from jobs.web.front.demo import landing_context, song_of_demo
from jobs.web.requests import UserRequest, too_many_requests
from jobs.web.uploads.form_views import upload

KEPT = "public, max-age=31536000, immutable"
"""The address of a file changes with its content."""

DemoView = Callable[..., HttpResponseBase]
"""Takes the request, the song, and the other parts of the address."""


# Exempt as the upload page is, which checks the token itself.
@csrf_exempt
def first_page(request: UserRequest) -> HttpResponseBase:
    """The upload page for members, and for every form; the landing page for visitors."""
    if request.method in ("GET", "HEAD") and not request.user.is_authenticated:
        return render(request, "jobs/landing.html", landing_context())
    return upload(request)


def of_edition(view: DemoView) -> DemoView:
    """``view`` for the edition in the address; ``Http404`` for any other. No session is read, as
    the song is the same for everybody."""

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, edition: str, **parameters: str) -> HttpResponseBase:
        if wait_s := ShareThrottle().wait_before(request):
            return too_many_requests(request, wait_s)
        demo = front_demo()
        if demo is None or demo.edition != edition:
            raise Http404("the first page plays no such song")
        response = view(request, demo, **parameters)
        if response.status_code < 400:
            response.headers["Cache-Control"] = KEPT
        return response

    return answer


@of_edition
def song(request: HttpRequest, demo: FrontDemo) -> JsonResponse:
    return JsonResponse(song_of_demo(demo))


@of_edition
def preview(request: HttpRequest, demo: FrontDemo, name: str) -> HttpResponseBase:
    return preview_response(request, demo.file(_stem(demo, name).preview))


@of_edition
def peaks(request: HttpRequest, demo: FrontDemo, name: str) -> HttpResponseBase:
    return preview_response(request, demo.file(_stem(demo, name).peaks))


def _stem(demo: FrontDemo, name: str) -> ListeningStem:
    stem = demo.stem(name)
    if stem is None:
        raise Http404(f"the song has no stem {name!r}")
    return stem
