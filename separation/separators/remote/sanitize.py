"""What a service says, before anybody here has to store or show it."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

MAX_CHARACTERS = 300
"""A sentence; whoever says more is not quoted to the end."""


def plain(text: str) -> str:
    """One line of ``text`` that can be shown. PostgreSQL stores no NUL, and a terminal that shows
    the log would obey others of these characters."""
    words = " ".join(text[: 4 * MAX_CHARACTERS].split())
    kept = "".join(c for c in words if not unicodedata.category(c).startswith("C"))
    return kept[:MAX_CHARACTERS]


Words = Annotated[str, AfterValidator(plain)]

JobName = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
"""Becomes a part of addresses, and of the state on disk."""
