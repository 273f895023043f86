"""Arguments of commands, made from the table of options."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser

from jobs.services.job.request_validation import site_defaults
from separation.option_row import Option
from separation.options import OPTIONS

_UNITS = ("_s", "_hz", "_kbps", "_dbtp")
"""Suffixes of option names; the help shows them as the placeholders of values."""


def add_option(parser: CommandParser, name: str, **overrides: Any) -> None:
    """Add the argument of an option; its value is None where it was not given.

    ``overrides``: keywords of ``add_argument`` that the command sets itself, and besides them
    ``flag``, the argument's name, and ``usual``, the default in words.
    """
    option = OPTIONS[name]
    flag = overrides.pop("flag", flag_of(name))
    arguments = {"dest": name, **_arguments_of(option, overrides.pop("usual", "")), **overrides}
    parser.add_argument(flag, **arguments)


def flag_of(name: str) -> str:
    """``--segment`` for ``segment_s``."""
    unit = next((unit for unit in _UNITS if name.endswith(unit)), "")
    return "--" + name.removesuffix(unit).replace("_", "-")


def option_help(option: Option[Any], usual: str = "") -> str:
    """What the option does, as a phrase, with the range of a number and the default."""
    notes = [str(option.range)] if option.is_number else []
    if option.kind == "words":
        notes.append(option.syntax)
    if option.kind != "flag":
        notes.append(f"default: {usual or _default(option)}")
    text = f"{_phrase(option.sentence)} ({'; '.join(notes)})" if notes else _phrase(option.sentence)
    return text.replace("`", "")


def _default(option: Option[Any]) -> str:
    known = site_defaults()
    value = known[option.name] if option.is_set_by_site else option.without_it
    return f"{value:g}" if isinstance(value, float) else str(value)


def _phrase(sentence: str) -> str:
    """A sentence as help text, which begins with a small letter and has no full stop."""
    first = sentence[0] if sentence[1].isupper() else sentence[0].lower()
    return first + sentence[1:].removesuffix(".")


def _arguments_of(option: Option[Any], usual: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {"help": option_help(option, usual)}
    if option.kind == "flag":
        return {**arguments, "action": "store_true", "default": None}
    if option.kind == "choice":
        arguments["choices"] = tuple(option.values)
    arguments["type"] = _type(option)
    unit = next((unit for unit in _UNITS if option.name.endswith(unit)), "")
    return {**arguments, "metavar": unit[1:].upper()} if unit else arguments


def _type(option: Option[Any]) -> Callable[[str], Any]:
    if option.kind == "choice":
        return type(next(iter(option.values)))
    return {"integer": int, "number": float}.get(option.kind, str)
