"""Accepts the forwarding headers of a trusted reverse proxy only."""

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

FORWARDED = ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_FOR")


class TrustedProxyMiddleware:
    """Removes forwarding headers that no trusted proxy has set. Code that reads them later, such as
    Django's check for TLS and the limits of an address, can then trust them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not comes_from_proxy(request):
            for name in FORWARDED:
                request.META.pop(name, None)
        return self._get_response(request)


def comes_from_proxy(request: HttpRequest) -> bool:
    if not settings.TRUST_PROXY:
        return False
    peer = str(request.META.get("REMOTE_ADDR") or "")
    if not peer:
        return True  # by a socket file, which only a proxy on this host uses
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in settings.PROXY_NETWORKS)
