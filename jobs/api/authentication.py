"""Tokens by knox, its one hole closed and their use written down, and how OpenAPI shows them."""

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.exceptions import AuthenticationFailed

from jobs.services.tokens import note_use


class TokenAuthentication(KnoxAuthentication):  # type: ignore[misc]  # knox has no types
    def authenticate_credentials(self, token: bytes) -> Any:
        # knox decodes whatever the header holds as UTF-8 and does not catch the error.
        if not token.isascii():
            raise AuthenticationFailed("Invalid token.")
        user, row = super().authenticate_credentials(token)
        note_use(row)
        return user, row


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]  # nor has this extension
    target_class = "jobs.api.authentication.TokenAuthentication"
