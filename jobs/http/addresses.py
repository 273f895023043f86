"""Absolute addresses of the site, for links and mails."""

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.urls import reverse

USUAL_PORTS = {"http": 80, "https": 443}


def link_address(request: HttpRequest, token: str) -> str:
    """The absolute address of a share link, below STEMSITE_PUBLIC_URL where that is set."""
    path = reverse("jobs:shared", args=(token,))
    public = str(settings.PUBLIC_URL).rstrip("/")
    return f"{public}{path}" if public else request.build_absolute_uri(path)


def site_address(request: HttpRequest, path: str) -> str:
    """The absolute address of ``path`` for mails, whose links the client must not choose.

    Without STEMSITE_PUBLIC_URL only the host name comes from the request, and Django checks it
    against ALLOWED_HOSTS. Scheme and port are those at which the site is
    served.
    """
    public = str(settings.PUBLIC_URL).rstrip("/")
    if public:
        return f"{public}{path}"
    name, _ = split_domain_port(request.get_host())
    scheme = "https" if settings.HTTPS else str(request.scheme)
    # A proxy in front listens at the usual port; STEMSITE_PUBLIC_URL names any other.
    behind = settings.HTTPS or settings.TRUST_PROXY
    port = "" if behind or USUAL_PORTS[scheme] == settings.PORT else f":{settings.PORT}"
    return f"{scheme}://{name}{port}{path}"
