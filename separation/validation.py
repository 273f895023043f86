"""What pydantic found wrong, in words for the person who chose it."""

from pydantic import ValidationError

_SHOWN = 80
"""Characters of what was received; more of it tells nobody more."""


def first_fault(error: ValidationError) -> str:
    """The first fault: where it is, what is wrong, what was received."""
    where, said, received = parts_of_first(error)
    return f"{where}: {said} (received {received})" if where else said


def parts_of_first(error: ValidationError) -> tuple[str, str, str]:
    """Where (empty for the whole), what is wrong, and what was received."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return where, first["msg"].removeprefix("Value error, "), repr(first["input"])[:_SHOWN]
