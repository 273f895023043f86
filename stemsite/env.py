"""Typed access to the ``STEMSITE_*`` variables, and the one list of them.

Each variable is declared where settings read it; the declaration is its documentation: README's
table is compared with :data:`VARIABLES` by a test. An odd value stops the start with a sentence.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")


@dataclass(frozen=True)
class Variable:
    """One row of the README's table."""

    name: str
    default: str
    meaning: str


VARIABLES: dict[str, Variable] = {}


def _read(
    name: str, default: T, meaning: str, parse: Callable[[str], T], shown: str | None = None
) -> T:
    VARIABLES[name] = Variable(name, str(default) if shown is None else shown, meaning)
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        return parse(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={text!r}: {error}") from None


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
    """So many in a second, minute, hour or day."""

    def parse(value: str) -> str:
        number, _, period = value.partition("/")
        known = period in ("s", "sec", "second", "m", "min", "minute", "h", "hour", "d", "day")
        if not (known and number.isascii() and number.isdigit() and int(number)):
            raise ValueError("write a number, a slash and s, min, hour or day, such as 10/hour")
        return value

    return _read(name, default, meaning, parse)


def whole(name: str, default: int, meaning: str, *, least: int = 0) -> int:
    def parse(value: str) -> int:
        number = int(value)
        if number < least:
            raise ValueError(f"must be at least {least}")
        return number

    return _read(name, default, meaning, parse)


def number(name: str, default: float, meaning: str) -> float:
    return _read(name, default, meaning, float)


def optional_number(name: str, meaning: str) -> float | None:
    value = _read(name, 0.0, meaning, float, "none")
    return value or None


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
    return _read(name, default, meaning, lambda value: Path(value).expanduser().resolve(), shown)


def paths(name: str, meaning: str) -> list[Path]:
    """Folders, divided by commas; none unless set."""

    def parse(value: str) -> list[Path]:
        found = [part.strip() for part in value.split(",") if part.strip()]
        return [Path(part).expanduser().resolve() for part in found]

    return _read(name, [], meaning, parse, "")


def read_file(file: Path) -> None:
    """Take ``NAME=value`` lines from ``file``; the real environment wins."""
    if not file.is_file():
        return
    for line in file.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("\"'"))
