"""Typed access to the ``STEMSITE_*`` variables, and the one list of them.

Settings declare each variable where they read it. The declaration is its documentation:
docs/settings.md is made from :data:`VARIABLES`. Odd values stop the start, with one sentence for
each and all of them at once: see :func:`refuse_odd_values`.
"""

import math
import os
import re
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")


@dataclass(frozen=True)
class Variable:
    """One row of the table in docs/settings.md."""

    name: str
    default: str
    meaning: str


VARIABLES: dict[str, Variable] = {}
FAULTS: dict[str, str] = {}
"""What is wrong with a variable or a line of ``.env``, as a sentence."""

_SECRET = ("_KEY", "_TOKEN", "_URL")
"""Suffixes of variables that may hold a password; no message repeats their values."""


def refuse_odd_values() -> None:
    """Raise ``ImproperlyConfigured`` with a line for each fault.

    The faults stay: Django imports settings that failed a second time, and by then their modules
    are in Python's cache and read no variable again.
    """
    if FAULTS:
        raise ImproperlyConfigured("\n".join(FAULTS.values()))


def fault(name: str, sentence: str) -> None:
    text = "" if name.endswith(_SECRET) else f"={os.environ.get(name, '').strip()!r}"
    FAULTS[name] = f"{name}{text}: {sentence}."


def _read(
    name: str, default: T, meaning: str, parse: Callable[[str], T], shown: str | None = None
) -> T:
    VARIABLES[name] = Variable(name, str(default) if shown is None else shown, meaning)
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        return parse(text)
    except (ValueError, OSError) as error:
        fault(name, str(error))
        return default


def _boolean(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError("write 1 or 0")
    return words[text.lower()]


def boolean(name: str, default: bool, meaning: str) -> bool:
    return _read(name, default, meaning, _boolean, "1" if default else "0")


def text(name: str, default: str, meaning: str, *, choices: Sequence[str] = ()) -> str:
    def parse(value: str) -> str:
        if choices and value not in choices:
            raise ValueError(f"choose one of {', '.join(choices)}")
        return value

    return _read(name, default, meaning, parse)


def rate(name: str, default: str, meaning: str) -> str:
    """A number per second, minute, hour or day."""

    def parse(value: str) -> str:
        number, _, period = value.partition("/")
        known = period in ("s", "sec", "second", "m", "min", "minute", "h", "hour", "d", "day")
        if not (known and number.isascii() and number.isdigit() and int(number)):
            raise ValueError("write a number, a slash and s, min, hour or day, such as 10/hour")
        return value

    return _read(name, default, meaning, parse)


def whole(name: str, default: int, meaning: str, *, least: int = 0, most: int = 10**15) -> int:
    def parse(value: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,30}", value):
            raise ValueError("write a whole number, with digits only")
        return int(_within(int(value), least, most))

    return _read(name, default, meaning, parse)


def number(
    name: str, default: float, meaning: str, *, least: float = 0.0, most: float = 10.0**9
) -> float:
    return _read(name, default, meaning, lambda value: _number(value, least, most))


def optional_number(name: str, meaning: str) -> float | None:
    value = _read(name, 0.0, meaning, lambda value: _number(value, 0.0, 10.0**9), "none")
    return value or None


def _number(value: str, least: float, most: float) -> float:
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise ValueError("write a number, such as 2.5")
    return _within(found, least, most)


def _within(value: float, least: float, most: float) -> float:
    if value < least:
        raise ValueError(f"must be at least {least:g}")
    if value > most:
        raise ValueError(f"must be at most {most:g}")
    return value


def time_zone(name: str, default: str, meaning: str) -> str:
    def parse(value: str) -> str:
        if value not in zoneinfo.available_timezones():
            raise ValueError("is no time zone; write one such as UTC or Europe/Berlin")
        return value

    return _read(name, default, meaning, parse)


def url(name: str, meaning: str) -> str:
    """An address of the web; empty unless set."""

    def parse(value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError("write an address with http:// or https:// in front")
        return value

    return _read(name, "", meaning, parse)


def converted(
    name: str, value: str, convert: Callable[[str], Mapping[str, Any]], hint: str
) -> dict[str, Any]:
    """The result of ``convert`` for the ``value`` of ``name``; empty where it fails."""
    try:
        return dict(convert(value))
    except (ValueError, LookupError, TypeError, AttributeError, ImproperlyConfigured):
        # Libraries raise any of these for a value that they cannot parse.
        fault(name, hint)
        return {}


def make_folder(name: str, folder: Path) -> bool:
    """Create the folder that ``name`` or its default names. False where that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        FAULTS[name] = f"{name}: the folder {folder} cannot be made: {error.strerror}."
        return False
    if not os.access(folder, os.W_OK | os.X_OK):
        FAULTS[name] = f"{name}: the folder {folder} cannot be written to."
        return False
    return True


def words(
    name: str, default: Sequence[str], meaning: str, *, choices: Sequence[str] = ()
) -> list[str]:
    def parse(value: str) -> list[str]:
        found = [part.strip() for part in value.split(",") if part.strip()]
        unknown = [part for part in found if choices and part not in choices]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is none of {', '.join(choices)}")
        return found

    return _read(name, list(default), meaning, parse, ",".join(default))


def networks(
    name: str, meaning: str, default: Sequence[str] = ()
) -> list[IPv4Network | IPv6Network]:

    def parse(value: str) -> list[IPv4Network | IPv6Network]:
        return [ip_network(part.strip()) for part in value.split(",") if part.strip()]

    shown = ",".join(default)
    return _read(name, parse(shown), meaning, parse, shown)


def path(name: str, default: Path, meaning: str, *, shown: str) -> Path:
    return _read(name, default, meaning, _path, shown)


def optional_path(name: str, meaning: str) -> Path | None:
    """None unless set."""
    return _read(name, None, meaning, _path, "")


def paths(name: str, meaning: str) -> list[Path]:
    """Folders, divided by commas; none unless set."""

    def parse(value: str) -> list[Path]:
        found = [part.strip() for part in value.split(",") if part.strip()]
        return [_path(part) for part in found]

    return _read(name, [], meaning, parse, "")


def _path(value: str) -> Path:
    try:
        return Path(value).expanduser().resolve()
    except RuntimeError as error:
        raise ValueError(f"is no path here ({error})") from None


def read_file(file: Path) -> None:
    """Take ``NAME=value`` lines from ``file``; the real environment wins."""
    if not file.is_file():
        return
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        FAULTS[str(file)] = f"{file}: cannot be read as text in UTF-8 ({error})."
        return
    for n, line in enumerate(text.splitlines(), 1):
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not name or name.startswith("#"):
            continue
        if not equals:
            FAULTS[f"{file}:{n}"] = f"{file}, line {n}: write NAME=value, or # before a comment."
            continue
        os.environ.setdefault(name.strip(), value.strip().strip("\"'"))
