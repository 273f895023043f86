"""Where pages get the texts of their scripts."""

from functools import cache
from hashlib import blake2b
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode


def script_texts_address(language: str) -> str:
    """The address of the catalogue; empty for English, in which the scripts are written."""
    if language == "en":
        return ""
    parts = {"language": language, "edition": script_texts_edition(language)}
    return f"{reverse('jobs:script-texts')}?{urlencode(parts)}"


@cache
def script_texts_edition(language: str) -> str:
    """A digest of the texts; it changes with any of them."""
    file = Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "djangojs.mo"
    content = file.read_bytes() if file.is_file() else b""
    return blake2b(content, digest_size=8).hexdigest()
