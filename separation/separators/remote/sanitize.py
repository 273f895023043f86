"""Sanitises the texts of a service before they are stored or shown."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

MAX_CHARACTERS = 300
"""Length of a sentence; longer texts are cut off."""


def safe_text(text: str) -> str:
    """``text`` as one line without control characters. PostgreSQL cannot store NUL, and a terminal
    that shows the log would obey escape sequences."""
    words = " ".join(text[: 4 * MAX_CHARACTERS].split())
    kept = "".join(c for c in words if not unicodedata.category(c).startswith("C"))
    return kept[:MAX_CHARACTERS]


SafeText = Annotated[str, AfterValidator(safe_text)]

JobId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
"""Becomes part of URLs and of the state on disk."""
