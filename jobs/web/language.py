"""The choice of a language, and the texts of the scripts in it."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import JavaScriptCatalog

from jobs.script_texts import script_texts_edition
from jobs.services.account.language import is_offered
from jobs.services.account.preferences import set_language
from jobs.web.form_errors import first_error
from jobs.web.requests import UserRequest

KEPT = "public, max-age=31536000, immutable"
"""The edition in the address changes with the texts."""


class LanguageForm(forms.Form):
    """An empty language is the browser's."""

    language = forms.CharField(label=_lazy("Language"), required=False, max_length=8)
    next = forms.CharField(required=False)

    def clean_language(self) -> str:
        language = str(self.cleaned_data["language"])
        if language and not is_offered(language):
            raise forms.ValidationError(_("This site does not speak that language."))
        return language


# Without a token, which would be a cookie for everybody who only looks at the first page.
@csrf_exempt
@require_POST
def choose(request: UserRequest) -> HttpResponseBase:
    """A visitor's choice goes into a cookie, a member's into the account as well, so that the
    choice remains after logging out."""
    return _member_chooses(request) if request.user.is_authenticated else _chosen(request)


@csrf_protect
def _member_chooses(request: UserRequest) -> HttpResponse:
    return _chosen(request)


def _chosen(request: UserRequest) -> HttpResponse:
    form = LanguageForm(request.POST)
    response = redirect(_way_back(request))
    if not form.is_valid():
        messages.error(request, first_error(form))
        return response
    language = form.cleaned_data["language"]
    if request.user.is_authenticated:
        set_language(owner=request.user, language=language)
        with translation.override(language or translation.get_language()):
            messages.success(request, _("The language is saved."))
    _remember(response, language)
    return response


def _way_back(request: HttpRequest) -> str:
    address = request.POST.get("next", "")
    known = url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure())
    return address if known else "/"


def _remember(response: HttpResponse, language: str) -> None:
    name = settings.LANGUAGE_COOKIE_NAME
    if not language:
        response.delete_cookie(name, samesite="Lax")
        return
    response.set_cookie(
        name,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


@require_safe
def script_texts(request: HttpRequest) -> HttpResponseBase:
    """The catalogue of the language in the address, whatever account or browser ask for, so that
    caches may keep it."""
    language = request.GET.get("language", "")
    if not is_offered(language):
        raise Http404("the site does not speak this language")
    with translation.override(language):
        response = JavaScriptCatalog.as_view(packages=["stemsite"])(request)
    is_current = request.GET.get("edition") == script_texts_edition(language)
    response.headers["Cache-Control"] = KEPT if is_current else "no-cache"
    response.headers["Content-Language"] = language
    return response
