"""The language of a page: the account's, else the visitor's choice, else the browser's."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from jobs.services.account.language import chosen_language, is_offered

SAME_FOR_ALL = re.compile(r"^/(language\.js$|demo/[^/]+/|schemas/)")
"""Answers that shared caches keep: none of them depends on the person."""


class LanguageMiddleware:
    """Activates the language for a page, English for programs, as their answers are a contract."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if re.match(settings.CORS_URLS_REGEX, request.path) or SAME_FOR_ALL.match(request.path):
            return self._get_response(request)
        with translation.override(language_of_request(request)):
            response = self._get_response(request)
            if _is_text(response):
                response.headers.setdefault("Content-Language", translation.get_language())
                patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def language_of_request(request: HttpRequest) -> str:
    return chosen_language(request.user) or language_of_visitor(request)


def language_of_visitor(request: HttpRequest) -> str:
    """The cookie's language, else the one of the browser's list, else the site's."""
    cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if is_offered(cookie):
        return cookie
    for asked, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "").lower()):
        language = asked.partition("-")[0]
        if is_offered(language):
            return language
    return str(settings.SITE_LANGUAGE)


def _is_text(response: HttpResponseBase) -> bool:
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    return kind in ("text/html", "application/json")
