"""Keeps links that grant access out of the logs: those to shared songs, to the set-up of a new
site, to a new password and to confirm an address."""

import logging
import re

_SECRET = re.compile(
    r"(/s/|/setup/|/accounts/confirm-email/|/accounts/password/reset/key/)(?!done/)[\w:%.-]{8,}"
)


def hide_links(text: str) -> str:
    return _SECRET.sub(r"\1...", text)


class HidingFormatter(logging.Formatter):
    """Hides the links in the whole log entry, also in the traceback of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        return hide_links(super().format(record))
