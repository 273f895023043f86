"""Answers to pages that poll a part of themselves."""

from hashlib import blake2b

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import quote_etag

from jobs.web.requests import UserRequest


def not_modified_or(request: UserRequest, response: HttpResponse) -> HttpResponseBase:
    """304 if the browser has the same content already, as in most polls; else ``response``."""
    response["ETag"] = quote_etag(blake2b(response.content, digest_size=16).hexdigest())
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ("HX-Request", "Cookie"))
    known = get_conditional_response(request, etag=response["ETag"], response=response)
    return known or response


def reload_page() -> HttpResponse:
    """For a person who was logged out: a redirect would put the log-in page into this page."""
    return HttpResponse(headers={"HX-Refresh": "true", "Cache-Control": "no-store"})
