"""Limits on what is dear, whichever way it is asked for: the pages use them too."""

import math

from django.http import HttpRequest
from rest_framework.throttling import UserRateThrottle


class PageThrottle(UserRateThrottle):
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
