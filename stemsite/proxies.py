"""Whose word about a request counts: that of a trusted reverse proxy, and nobody else's."""

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

FORWARDED = ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_FOR")


class TrustedProxyMiddleware:
    """Takes away what a client says of itself under the names that a proxy uses, so that whatever
    reads them later (Django's idea of TLS, the limits of an address) may believe them."""

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
        return True  # by a socket file, which is nobody's but a proxy's on this host
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in settings.PROXY_NETWORKS)
