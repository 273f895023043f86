"""Addresses as people pass them on."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse


def link_address(request: HttpRequest, token: str) -> str:
    """In full; under the site's public name where the operator has given one."""
    path = reverse("jobs:shared", args=(token,))
    public = str(settings.PUBLIC_URL).rstrip("/")
    return f"{public}{path}" if public else request.build_absolute_uri(path)
