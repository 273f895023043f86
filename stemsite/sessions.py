"""Sessions whose keys are stored in the browser only."""

import base64
import hashlib
from typing import Any, cast

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils import timezone

_BYTES = 30
"""240 bits of the digest fill the 40 characters of the column."""


class SessionStore(DatabaseStore):
    """Stores a digest of the key, so that a copy of the database opens no session.

    A key has 160 random bits and cannot be guessed, so that a plain digest is enough.
    """

    def _get_session_from_db(self) -> Session | None:
        living = Session.objects.filter(expire_date__gt=timezone.now())
        row = living.filter(session_key=digest_of_key(self.session_key or "")).first()
        if row is None:
            self._session_key = None
        return row

    def exists(self, session_key: str) -> bool:
        return super().exists(digest_of_key(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast("Session", super().create_model_instance(data))
        row.session_key = digest_of_key(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(digest_of_key(key))


def digest_of_key(key: str) -> str:
    digest = hashlib.sha256(key.encode(errors="replace")).digest()[:_BYTES]
    return base64.urlsafe_b64encode(digest).decode("ascii")
