"""How often one address may ask for shared mixers; pages have no other limit."""

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.views import APIView

from jobs.http.throttles import StoredRate


class ShareThrottle(StoredRate):
    scope = "share"

    def get_cache_key(self, request: Request, view: APIView | None) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}

    def wait_before(self, request: HttpRequest) -> int:
        """0 where ``request`` may go on, which counts; else seconds to wait."""
        # Of both it reads the address only, which every request has.
        if self.allow_request(request, None):  # type: ignore[arg-type]
            return 0
        return max(1, round(self.wait()))


class MissedShareThrottle(ShareThrottle):
    """Of links that lead nowhere, apart: they must not use up what others at the address have."""

    def get_cache_key(self, request: Request, view: APIView | None) -> str:
        return f"missed {super().get_cache_key(request, view)}"
