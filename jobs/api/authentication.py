"""Authentication by knox's tokens: bad headers are refused, each use is recorded."""

from typing import TYPE_CHECKING, Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from jobs.http.throttles import StoredRate
from jobs.services.account.tokens import note_use

if TYPE_CHECKING:
    # Views name these classes while they are loaded themselves.
    from rest_framework.views import APIView


class BadTokenThrottle(StoredRate):
    scope = "bad_token"

    def get_cache_key(self, request: Request, view: "APIView | None") -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


class TokenAuthentication(KnoxAuthentication):  # type: ignore[misc]  # knox has no types
    def authenticate(self, request: Request) -> Any:
        try:
            return super().authenticate(request)
        except AuthenticationFailed:
            # Only bad tokens count, so a good token at the same address is never refused.
            throttle = BadTokenThrottle()
            if throttle.allow_request(request, None):
                raise
            raise Throttled(wait=throttle.wait()) from None

    def authenticate_credentials(self, token: bytes) -> Any:
        # knox decodes the header as UTF-8 and does not catch the error of invalid bytes.
        if not token.isascii():
            raise AuthenticationFailed("Invalid token.")
        user, row = super().authenticate_credentials(token)
        note_use(row)
        return user, row


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]  # nor has this extension
    target_class = "jobs.api.authentication.TokenAuthentication"
