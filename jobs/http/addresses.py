"""Addresses as people pass them on."""

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.urls import reverse

USUAL_PORTS = {"http": 80, "https": 443}


def link_address(request: HttpRequest, token: str) -> str:
    """In full; under the site's public name where the operator has given one."""
    path = reverse("jobs:shared", args=(token,))
    public = str(settings.PUBLIC_URL).rstrip("/")
    return f"{public}{path}" if public else request.build_absolute_uri(path)


def site_address(request: HttpRequest, path: str) -> str:
    """``path`` in full, for mails: whoever asks for one must not choose where its links lead.

    Without STEMSITE_PUBLIC_URL only the name comes from the request, as one of those under which
    the site answers; scheme and port are those at which it is served.
    """
    public = str(settings.PUBLIC_URL).rstrip("/")
    if public:
        return f"{public}{path}"
    name, _ = split_domain_port(request.get_host())
    scheme = "https" if settings.HTTPS else str(request.scheme)
    # A proxy in front listens at the usual port; its own has to be said in STEMSITE_PUBLIC_URL.
    behind = settings.HTTPS or settings.TRUST_PROXY
    port = "" if behind or USUAL_PORTS[scheme] == settings.PORT else f":{settings.PORT}"
    return f"{scheme}://{name}{port}{path}"
