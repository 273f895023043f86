"""Arguments of commands, made from the rows of the options."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser

from jobs.services.job.choices import site_defaults
from separation.option_row import Option
from separation.options import OPTIONS

_UNITS = ("_s", "_hz", "_kbps", "_dbtp")
"""End the names of options, and are the placeholders of their values in the help."""


def add_option(parser: CommandParser, name: str, **otherwise: Any) -> None:
    """An argument for an option; it is None where it was not given.

    ``otherwise``: what the command says differently, as for ``add_argument``; besides ``flag``, the
    argument's name, and ``usual``, what holds without it, in words.
    """
    option = OPTIONS[name]
    flag = otherwise.pop("flag", flag_of(name))
    told = {"dest": name, **_how(option, otherwise.pop("usual", "")), **otherwise}
    parser.add_argument(flag, **told)


def flag_of(name: str) -> str:
    """``--segment`` for ``segment_s``."""
    unit = next((unit for unit in _UNITS if name.endswith(unit)), "")
    return "--" + name.removesuffix(unit).replace("_", "-")


def option_help(option: Option[Any], usual: str = "") -> str:
    """What the option does, as a phrase; the range of a number, and what holds without it."""
    notes = [str(option.range)] if option.is_number else []
    if option.kind == "words":
        notes.append(option.syntax)
    if option.kind != "flag":
        notes.append(f"default: {usual or _default(option)}")
    said = f"{_phrase(option.sentence)} ({'; '.join(notes)})" if notes else _phrase(option.sentence)
    return said.replace("`", "")


def _default(option: Option[Any]) -> str:
    known = site_defaults()
    value = known[option.name] if option.is_set_by_site else option.without_it
    return f"{value:g}" if isinstance(value, float) else str(value)


def _phrase(sentence: str) -> str:
    """Help begins with a small letter and ends without a full stop."""
    first = sentence[0] if sentence[1].isupper() else sentence[0].lower()
    return first + sentence[1:].removesuffix(".")


def _how(option: Option[Any], usual: str) -> dict[str, Any]:
    told: dict[str, Any] = {"help": option_help(option, usual)}
    if option.kind == "flag":
        return {**told, "action": "store_true", "default": None}
    if option.kind == "choice":
        told["choices"] = tuple(option.values)
    told["type"] = _type(option)
    unit = next((unit for unit in _UNITS if option.name.endswith(unit)), "")
    return {**told, "metavar": unit[1:].upper()} if unit else told


def _type(option: Option[Any]) -> Callable[[str], Any]:
    if option.kind == "choice":
        return type(next(iter(option.values)))
    return {"integer": int, "number": float}.get(option.kind, str)
