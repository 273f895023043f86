"""Paths that cross a process boundary as JSON, also those that are no text.

A file's name is bytes to Linux, and names that were written under another encoding are common on
old disks. Python holds such bytes as lone surrogates, which JSON in UTF-8 cannot carry.
"""

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    PlainSerializer,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

_BYTES = "bytes_hex"


def is_text(path: Path) -> bool:
    """Whether the path can be written in UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _told(path: Path) -> str | dict[str, str]:
    return str(path) if is_text(path) else {_BYTES: os.fsencode(path).hex()}


def _heard(value: Any, usual: ValidatorFunctionWrapHandler) -> Path:
    """Raises ``ValueError`` for what should be such bytes and is not."""
    given = value.get(_BYTES) if isinstance(value, dict) else None
    if isinstance(given, str):
        return Path(os.fsdecode(bytes.fromhex(given)))
    path: Path = usual(value)
    return path


JsonPath = Annotated[
    Path,
    WrapValidator(_heard),
    PlainSerializer(_told, when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "path"}, {"type": "object"}]}),
]
"""A path that reads back as the very same bytes."""
