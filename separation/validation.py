"""Turns a validation error of pydantic into words for the person who made the request."""

from pydantic import ValidationError

_SHOWN = 80
"""The most characters of a received value in a message."""


def first_fault(error: ValidationError) -> str:
    """The first fault: its place, what is wrong, and the received value."""
    where, fault, received = parts_of_first(error)
    return f"{where}: {fault} (received {received})" if where else fault


def parts_of_first(error: ValidationError) -> tuple[str, str, str]:
    """The place (empty for the whole), what is wrong, and the received value."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return where, first["msg"].removeprefix("Value error, "), repr(first["input"])[:_SHOWN]
