"""On a full disk people can still sign in, read, download and, above all, delete."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from jobs.services.storage.disk_space import is_disk_full, is_room_here, make_room

_READING = ("GET", "HEAD", "OPTIONS")
_log = logging.getLogger("stemsite.disk")


class FullDiskMiddleware:
    """The outermost middleware, as the session is written to the disk, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_room_here(look=request.method not in _READING):
            _log.error("the disk of the data directory is full: a piece of the reserve is used")
            make_room()
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answers a write that failed on the full disk with a page that explains it."""
        if not is_disk_full(error):
            return None
        _log.error("the disk is full", exc_info=error)
        response = render(request, "disk_full.html", status=503)
        response.headers["Retry-After"] = "60"
        return response
