"""Options for separators as they come from outside, checked."""

import dataclasses
from typing import Any

from pydantic import TypeAdapter, ValidationError

from separation.base import SeparatorOptions
from separation.errors import InvalidOptions

_OPTION_NAMES = tuple(field.name for field in dataclasses.fields(SeparatorOptions))
_ADAPTER = TypeAdapter(SeparatorOptions)


def parse_options(**options: Any) -> SeparatorOptions:
    """Options checked for name, type and range; frozen and hashable, so they serve as a key.

    Text is accepted for paths and numbers, as it comes from forms and command lines. Raises
    ``InvalidOptions`` with the value received.
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
    """Ranges and combinations. Raises ``InvalidOptions`` with the value received."""
    if not 0 <= options.overlap < 1:
        raise InvalidOptions(f"overlap must be at least 0 and below 1, not {options.overlap}.")
    if options.shifts < 0:
        raise InvalidOptions(f"shifts must be 0 or more, not {options.shifts}.")
    if options.segment_s is not None and not 0 < options.segment_s < float("inf"):
        raise InvalidOptions(f"segment_s must be above 0 seconds, not {options.segment_s}.")
    if options.stems is not None and options.two_stems is not None:
        raise InvalidOptions("Give stems or two_stems, not both.")
    if options.stems == ():
        raise InvalidOptions("stems is empty: name at least one stem, or leave it out for all.")
