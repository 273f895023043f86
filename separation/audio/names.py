"""Names for people: what may appear in a download's file name or on a page."""

import unicodedata
from pathlib import PurePosixPath

MAX_NAME_BYTES = 200
"""Below the 255 bytes of common file systems, with room for a suffix such as ``_vocals``."""

FALLBACK_NAME = "untitled"

_FORBIDDEN = frozenset('<>:"|?*')
_RESERVED_ON_WINDOWS = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789\u00b9\u00b2\u00b3"]
)


def clean_name(name: str) -> str:
    """A name that is safe to show and to save under, as near to the given one as possible.

    NFC; only what follows the last slash or backslash; without control, format (bidirectional
    marks among them), surrogate and private characters, nor those that Windows forbids; no names
    of Windows devices; at most 200 bytes of UTF-8 with the extension kept; never empty.
    """
    last_part = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    shown = "".join(_shown(character) for character in unicodedata.normalize("NFC", last_part))
    # Windows drops dots and blanks at the end; a leading dot hides the file elsewhere.
    tidy = " ".join(shown.split()).strip(". ")
    if tidy.split(".", 1)[0].strip().upper() in _RESERVED_ON_WINDOWS:
        tidy = f"_{tidy}"
    return _shortened(tidy) or FALLBACK_NAME


def _shown(character: str) -> str:
    if character in _FORBIDDEN:
        return "_"
    category = unicodedata.category(character)
    if category.startswith("Z"):
        return " "
    return " " if character in "\t\n\r" else "" if category.startswith("C") else character


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    suffix = PurePosixPath(name).suffix
    if len(suffix.encode()) > 16:
        suffix = ""
    stem = name[: len(name) - len(suffix)] if suffix else name
    room = MAX_NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + suffix
