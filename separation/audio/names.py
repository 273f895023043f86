"""Clean untrusted text for display: names of files, and single lines such as tags."""

import re
import unicodedata
from collections.abc import Mapping, Set
from pathlib import PurePosixPath
from typing import Any

MAX_NAME_BYTES = 200
"""Below the 255 bytes of common file systems, with room for a suffix such as ``_vocals``."""

FALLBACK_NAME = "untitled"

MAX_LINE_CHARACTERS = 300

VALUES_APART = "; "
"""Separator where several artists or genres are shown on one line."""

MAX_VALUES = 50

TAG_FIELDS = ("title", "artist", "album", "date", "genre", "track")

SONG_ENDINGS = frozenset((
    ".3g2", ".3gp", ".aac", ".ac3", ".aif", ".aifc", ".aiff", ".alac", ".amr", ".ape", ".asf",
    ".au", ".avi", ".bw64", ".caf", ".dsf", ".dts", ".eac3", ".flac", ".flv", ".m2ts", ".m4a",
    ".m4b", ".m4r", ".m4v", ".mka", ".mkv", ".mov", ".mp1", ".mp2", ".mp3", ".mp4", ".mpa",
    ".mpc", ".mpeg", ".mpg", ".mpga", ".oga", ".ogg", ".ogv", ".ogx", ".opus", ".ra", ".rf64",
    ".snd", ".spx", ".tta", ".w64", ".wav", ".wave", ".weba", ".webm", ".wma", ".wmv", ".wv",
))  # fmt: skip
"""The known extensions. Text after any other dot, as in "Mr. Brightside", belongs to the name."""

_JOINERS = "\u200c\u200d"
_NEVER_AT_ENDS = f". {_JOINERS}"
_LOOSE_JOINERS = re.compile(
    rf"(?:^|(?<=\s))[{_JOINERS}]+|[{_JOINERS}]+(?=\s|$)|(?<=[{_JOINERS}])[{_JOINERS}]+"
)
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,6}\U000e007f")
"""The flag of a region such as Scotland: letters of its code as tags behind a black flag (Unicode
Technical Standard 51, C.1)."""

_FORBIDDEN = frozenset('<>:"|?*')
_RESERVED_ON_WINDOWS = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789\u00b9\u00b2\u00b3"]
)


def clean_name(name: str) -> str:
    """Return a name that is safe to show and to save under, as close to ``name`` as possible.

    The result is NFC text and contains only the part behind the last slash or backslash. It has no
    control, format (such as bidirectional marks), surrogate or private characters and none that
    Windows forbids. It is no name of a Windows device, has at most 200 bytes of UTF-8 with the
    extension kept, and is never empty. Joiners inside a word stay, as Persian, Hindi and emoji
    need them. A cleaned name does not change when it is cleaned again.
    """
    last_part = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    # Windows drops dots and blanks at the end; other systems hide a file with a leading dot.
    tidy = _plain(last_part, forbidden=_FORBIDDEN).strip(_NEVER_AT_ENDS)
    if tidy.split(".", 1)[0].strip().upper() in _RESERVED_ON_WINDOWS:
        tidy = f"_{tidy}"
    return _shortened(tidy) or FALLBACK_NAME


def song_title(name: str) -> str:
    """Return a song's cleaned name without its extension; every system accepts it as the name of
    a folder."""
    suffix = PurePosixPath(name).suffix
    return clean_name(name.removesuffix(suffix) if suffix.lower() in SONG_ENDINGS else name)


def one_line(value: object) -> str:
    """Return untrusted text as one line: NFC, no control or format characters, at most
    ``MAX_LINE_CHARACTERS``. A cleaned line does not change when it is cleaned again."""
    # The text is cut first, as normalising a megabyte of combining marks is slow.
    text = _plain(str(value)[: 4 * MAX_LINE_CHARACTERS])
    # It is cleaned again, as the cut may separate two characters that belong together.
    return _plain(text[:MAX_LINE_CHARACTERS])


def clean_tags(found: Mapping[str, Any]) -> dict[str, str]:
    """Return each known field as one clean line of text, with "; " between several values; other
    fields are left out."""
    cleaned = {field: _line_of(found[field]) for field in TAG_FIELDS if found.get(field)}
    return {field: text for field, text in cleaned.items() if text}


def _line_of(value: object) -> str:
    if not isinstance(value, list | tuple):
        return one_line(value)
    lines = dict.fromkeys(one_line(each) for each in value[:MAX_VALUES])
    return one_line(VALUES_APART.join(filter(None, lines)))


def _plain(text: str, *, forbidden: Set[str] = frozenset()) -> str:
    """Return ``text`` in NFC. Blanks of any kind become one space and ``forbidden`` characters
    become "_". Invisible characters are removed, except for joiners inside a word and the letters
    of flags."""
    flags = {k for flag in _FLAG.finditer(text) for k in range(*flag.span())}
    seen = "".join(
        character if k in flags else _shown(character, forbidden)
        for k, character in enumerate(text)
    )
    # Composed only now: a character between a letter and its accent may have been removed.
    line = " ".join(unicodedata.normalize("NFC", seen).split())
    return _LOOSE_JOINERS.sub("", line)


def _shown(character: str, forbidden: Set[str]) -> str:
    if character in forbidden:
        return "_"
    if character.isspace():
        return " "
    return character if character in _JOINERS or _is_visible(character) else ""


def _is_visible(character: str) -> bool:
    """Whether ``character`` is outside Unicode's category C. A character that is newer than this
    interpreter's tables, such as an emoji of next year, counts as visible."""
    category = unicodedata.category(character)
    if category != "Cn":
        return not category.startswith("C")
    number = ord(character)
    is_no_character = 0xFDD0 <= number <= 0xFDEF or number & 0xFFFE == 0xFFFE
    # Reserved for invisible characters (Default_Ignorable_Code_Point of DerivedCoreProperties).
    is_ignored = number == 0x2065 or 0xFFF0 <= number <= 0xFFF8 or 0xE0000 <= number <= 0xE0FFF
    return not (is_no_character or is_ignored)


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    suffix = PurePosixPath(name).suffix
    if len(suffix.encode()) > 16:
        suffix = ""
    stem = name[: len(name) - len(suffix)] if suffix else name
    room = MAX_NAME_BYTES - len(suffix.encode())
    # Cleaned again, as the cut may separate two characters that belong together.
    cut = _plain(stem.encode()[:room].decode(errors="ignore"))
    return cut.rstrip(_NEVER_AT_ENDS) + suffix
