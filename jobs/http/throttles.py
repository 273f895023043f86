"""Rate limits of the API; the pages use those of expensive requests too."""

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
    """DRF's throttle with counts in the database: processes share them, and a flood evicts none."""

    num_requests: int | None
    duration: int | None
    left_s = 0.0

    def allow_request(self, request: Request, view: "APIView | None") -> bool:
        self.left_s = 0.0
        if self.rate is None or _is_answered_405(request, view):
            return True
        # The pages pass no view; the throttles that they use read the request only.
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
    """Counts the requests of one account across its sessions and addresses."""

    def wait_before(self, request: HttpRequest) -> int:
        """Count the request of a page; 0 if it is allowed, else the minutes to wait, rounded up."""
        # Not wrapped into DRF's request, whose authentication would replace the user by nobody.
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
    """Such a request costs nothing and must not use up the limit of others at the same address."""
    return view is not None and not hasattr(view, str(request.method).lower())


class ShareThrottle(StoredRate):
    scope = "share"

    def get_cache_key(self, request: Request, view: "APIView | None") -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}

    def wait_before(self, request: HttpRequest) -> int:
        """Count ``request``; 0 if it is allowed, else the seconds to wait."""
        # The throttle reads only the address, which Django's request has as well.
        if self.allow_request(request, None):  # type: ignore[arg-type]
            return 0
        return max(1, round(self.wait()))


class MissedShareThrottle(ShareThrottle):
    """Counts invalid links separately: they must not use up the limit of others at the address."""

    def get_cache_key(self, request: Request, view: "APIView | None") -> str:
        return f"missed {super().get_cache_key(request, view)}"
