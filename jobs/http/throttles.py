"""Limits on how often; on what is dear, whichever way it is asked for: the pages use them too."""

import math
from typing import TYPE_CHECKING

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import (
    AnonRateThrottle,
    ScopedRateThrottle,
    SimpleRateThrottle,
    UserRateThrottle,
)

from jobs.http.visitors import address_of
from jobs.services.rates import take_in_blocks

if TYPE_CHECKING:
    from rest_framework.views import APIView


class StoredRate(SimpleRateThrottle):
    """DRF's way to name a rate, with counts that all processes share and no flood pushes out."""

    num_requests: int | None
    duration: int | None
    left_s = 0.0

    def allow_request(self, request: Request, view: "APIView | None") -> bool:
        self.left_s = 0.0
        if self.rate is None or _is_answered_405(request, view):
            return True
        # The pages have no view; those throttles look at the request alone.
        key = self.get_cache_key(request, view)  # type: ignore[arg-type]
        if key is None:
            return True
        assert self.num_requests is not None and self.duration is not None
        self.left_s = take_in_blocks(key, limit=self.num_requests, period_s=self.duration)
        return not self.left_s

    def wait(self) -> float:
        return self.left_s

    def get_ident(self, request: Request) -> str:
        return address_of(request)


class UserThrottle(UserRateThrottle, StoredRate):
    pass


class AnonThrottle(AnonRateThrottle, StoredRate):
    pass


class ScopedThrottle(ScopedRateThrottle, StoredRate):
    pass


class PageThrottle(UserThrottle):
    """Counts the requests of one account, whatever session or address they come from."""

    def wait_before(self, request: HttpRequest) -> int:
        """Of a page: 0 where it may go on, which counts; else minutes to wait, rounded up."""
        # Not wrapped into DRF's request: that would log in nobody, and say so to this one.
        if self.allow_request(request, None):  # type: ignore[arg-type]
            return 0
        return math.ceil((self.wait() or 60.0) / 60)


class ExportThrottle(PageThrottle):
    scope = "export"


class PasswordThrottle(PageThrottle):
    scope = "password"


class MixThrottle(PageThrottle):
    scope = "mix"


def _is_answered_405(request: Request, view: "APIView | None") -> bool:
    """It costs nothing, and must not use up the limit of others at the same address."""
    return view is not None and not hasattr(view, str(request.method).lower())


class ShareThrottle(StoredRate):
    scope = "share"

    def get_cache_key(self, request: Request, view: "APIView | None") -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}

    def wait_before(self, request: HttpRequest) -> int:
        """0 where ``request`` may go on, which counts; else seconds to wait."""
        # Of both it reads the address only, which every request has.
        if self.allow_request(request, None):  # type: ignore[arg-type]
            return 0
        return max(1, round(self.wait()))


class MissedShareThrottle(ShareThrottle):
    """Of links that lead nowhere, apart: they must not use up what others at the address have."""

    def get_cache_key(self, request: Request, view: "APIView | None") -> str:
        return f"missed {super().get_cache_key(request, view)}"
