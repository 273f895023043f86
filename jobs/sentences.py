"""Translates sentences that are stored in English: those of the audio core and of the services.

A sentence with values, such as a file's name, is found by its pattern in the catalogue, and the
values go into the translation. A text that the catalogue does not have is shown as it is.
"""

import gettext
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings
from django.utils import formats, translation

DOMAIN = "sentences"
"""The name of the catalogue, beside Django's own."""

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_VALUE = r"(?:(?![.!?] [A-Z]).)*?"
"""What may stand for a placeholder: no more than one sentence."""

_END_OF_SENTENCE = re.compile(r"(?<=[.!?:;,]) ")
_DECIMAL = re.compile(r"\d+\.\d+")


def translated(text: str) -> str:
    """``text`` in the active language."""
    language = translation.get_language() or "en"
    return _translated(language, str(text)) if text and language != "en" else str(text)


@dataclass(frozen=True)
class _Pattern:
    sentence: re.Pattern[str]
    translation: str


@dataclass(frozen=True)
class _Catalogue:
    """``patterns``: those with more words of their own first, as a short one may match them too."""

    exact: dict[str, str]
    patterns: tuple[_Pattern, ...]


@cache
def _catalogue(language: str) -> _Catalogue:
    folder = Path(settings.LOCALE_PATHS[0])
    read = gettext.translation(DOMAIN, folder, [language], fallback=True)
    texts: dict[str, str] = dict(getattr(read, "_catalog", {}))
    texts.pop("", None)
    exact = {key.replace("%%", "%"): text.replace("%%", "%") for key, text in texts.items()
             if not _PLACEHOLDER.search(key)}  # fmt: skip
    with_values = [key for key in texts if _PLACEHOLDER.search(key)]
    with_values.sort(key=lambda key: len(_PLACEHOLDER.sub("", key)), reverse=True)
    patterns = (_Pattern(pattern_of(key), texts[key]) for key in with_values)
    return _Catalogue(exact, tuple(patterns))


def pattern_of(message: str) -> re.Pattern[str]:
    """Matches the texts that the message becomes with values."""
    seen: set[str] = set()
    parts = []
    for number, part in enumerate(_PLACEHOLDER.split(message)):
        if number % 2 == 0:
            parts.append(re.escape(part.replace("%%", "%")))
        elif part in seen:
            parts.append(f"(?P={part})")
        else:
            seen.add(part)
            parts.append(f"(?P<{part}>{_VALUE})")
    return re.compile("".join(parts), re.DOTALL)


@lru_cache(maxsize=4096)
def _translated(language: str, text: str) -> str:
    return _whole(language, text) or _in_parts(language, text) or text


def _whole(language: str, text: str) -> str | None:
    catalogue = _catalogue(language)
    if text in catalogue.exact:
        return catalogue.exact[text]
    for pattern in catalogue.patterns:
        if found := pattern.sentence.fullmatch(text):
            values = {name: _value(language, value) for name, value in found.groupdict().items()}
            return pattern.translation % values
    return None


def _value(language: str, value: str) -> str:
    """A value is a name or a number, or words that the catalogue may have as well."""
    if _DECIMAL.fullmatch(value):
        return in_digits(value)
    return _translated(language, value)


def _in_parts(language: str, text: str) -> str | None:
    """Several sentences in one text: the longest known beginning, then the rest."""
    for space in reversed(list(_END_OF_SENTENCE.finditer(text))):
        if head := _whole(language, text[: space.start()]):
            return f"{head} {_translated(language, text[space.end() :])}"
    return None


def in_digits(text: str) -> str:
    """Decimal points as the language of the page writes them."""
    return re.sub(r"(?<=\d)\.(?=\d)", str(formats.get_format("DECIMAL_SEPARATOR")), text)
