"""Checks the options of a separator that come from outside."""

import dataclasses
from typing import Any

from pydantic import TypeAdapter, ValidationError

from separation.base import SeparatorOptions
from separation.errors import InvalidOptions
from separation.option_row import UNBOUNDED
from separation.options import OPTIONS

_OPTION_NAMES = tuple(field.name for field in dataclasses.fields(SeparatorOptions))
_RANGED = tuple(
    OPTIONS[name] for name in _OPTION_NAMES if name in OPTIONS and OPTIONS[name].range != UNBOUNDED
)
_ADAPTER = TypeAdapter(SeparatorOptions)


def parse_options(**options: Any) -> SeparatorOptions:
    """Check names, types and ranges. The result is frozen and hashable, so it can be a key.

    Forms and command lines send text, so paths and numbers may be text. Raises ``InvalidOptions``
    with the received value.
    """
    unknown = sorted(set(options) - set(_OPTION_NAMES))
    if unknown:
        raise InvalidOptions(
            f"There is no separator option {', '.join(map(repr, unknown))}. "
            f"There are: {', '.join(_OPTION_NAMES)}."
        )
    try:
        checked = _ADAPTER.validate_python(options)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidOptions(
            f"The separator option {where} cannot be {first['input']!r}: {first['msg']}."
        ) from error
    check_options(checked)
    return checked


def check_options(options: SeparatorOptions) -> None:
    """Check ranges and combinations. Raises ``InvalidOptions`` with the received value."""
    for row in _RANGED:
        value = getattr(options, row.name)
        if value is not None and not row.range.low <= value <= row.range.high:
            raise InvalidOptions(f"{row.name} must be {row.range}, not {value}.")
    if options.stems is not None and options.two_stems is not None:
        raise InvalidOptions("Give stems or two_stems, not both.")
    if options.stems == ():
        raise InvalidOptions("stems is empty: name at least one stem, or leave it out for all.")


def check_segment(model: str, segment_s: float | None, longest_s: float) -> None:
    """Raises ``InvalidOptions`` for a window longer than the model allows."""
    if segment_s is not None and segment_s > longest_s:
        raise InvalidOptions(
            f"A segment of {segment_s:g} s is longer than {model} was trained for: "
            f"at most {longest_s:g} s."
        )
