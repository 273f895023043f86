"""Text from outside, made fit for people: names of files, and single lines such as tags."""

import unicodedata
from collections.abc import Mapping, Set
from pathlib import PurePosixPath
from typing import Any

MAX_NAME_BYTES = 200
"""Below the 255 bytes of common file systems, with room for a suffix such as ``_vocals``."""

FALLBACK_NAME = "untitled"

MAX_LINE_CHARACTERS = 300

TAG_FIELDS = ("title", "artist", "album", "date", "genre", "track")

_FORBIDDEN = frozenset('<>:"|?*')
_RESERVED_ON_WINDOWS = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789\u00b9\u00b2\u00b3"]
)


def clean_name(name: str) -> str:
    """A name that is safe to show and to save under, as near to the given one as possible.

    NFC; only what follows the last slash or backslash; without control, format (bidirectional
    marks among them), surrogate and private characters, nor those that Windows forbids; no names
    of Windows devices; at most 200 bytes of UTF-8 with the extension kept; never empty. A name
    that was cleaned stays as it is.
    """
    last_part = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    # Windows drops dots and blanks at the end; a leading dot hides the file elsewhere.
    tidy = _plain(last_part, forbidden=_FORBIDDEN).strip(". ")
    if tidy.split(".", 1)[0].strip().upper() in _RESERVED_ON_WINDOWS:
        tidy = f"_{tidy}"
    return _shortened(tidy) or FALLBACK_NAME


def one_line(value: object) -> str:
    """Text from outside as one line: NFC, no control or format characters, capped. A line that
    was cleaned stays as it is."""
    # Cut first: normalising a megabyte of combining marks is slow.
    text = _plain(str(value)[: 4 * MAX_LINE_CHARACTERS])
    return text[:MAX_LINE_CHARACTERS].strip()


def clean_tags(found: Mapping[str, Any]) -> dict[str, str]:
    """The known fields as one clean line of text each; others are left out."""
    cleaned = {field: one_line(found[field]) for field in TAG_FIELDS if found.get(field)}
    return {field: text for field, text in cleaned.items() if text}


def _plain(text: str, *, forbidden: Set[str] = frozenset()) -> str:
    """NFC; blanks of any kind are one space, what ``forbidden`` names is "_", and what nobody can
    see (Unicode's category C) is gone."""
    seen = "".join(_shown(character, forbidden) for character in text)
    # Composed only now: what stood between a letter and its accent may be gone.
    return " ".join(unicodedata.normalize("NFC", seen).split())


def _shown(character: str, forbidden: Set[str]) -> str:
    if character in forbidden:
        return "_"
    if character.isspace():
        return " "
    return "" if unicodedata.category(character).startswith("C") else character


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    suffix = PurePosixPath(name).suffix
    if len(suffix.encode()) > 16:
        suffix = ""
    stem = name[: len(name) - len(suffix)] if suffix else name
    room = MAX_NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + suffix
