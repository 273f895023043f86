"""How often one address may ask for shared mixers; pages have no other limit."""

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class ShareThrottle(SimpleRateThrottle):
    scope = "share"

    def get_cache_key(self, request: Request, view: APIView | None) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


def address_of(request: HttpRequest) -> str:
    """That of the visitor, also behind a proxy that is trusted."""
    return str(ShareThrottle().get_ident(request))  # type: ignore[arg-type]


def seconds_to_wait(request: HttpRequest) -> int | None:
    """None when ``request`` may go on; it is counted then."""
    throttle = ShareThrottle()
    # Of both it reads the address only, which every request has.
    if throttle.allow_request(request, None):  # type: ignore[arg-type]
        return None
    return max(1, round(throttle.wait() or 60))
