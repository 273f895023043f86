"""Paths that cross a process boundary as JSON, also those that are no text.

A file's name is bytes to Linux, and names that were written under another encoding are common on
old disks. Python holds such bytes as lone surrogates, which JSON in UTF-8 cannot carry.
Imports no pydantic: the process that decodes knows the settings, and has no need of it.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

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


def _heard(value: Any, usual: Callable[[Any], Any]) -> Path:
    """Raises ``ValueError`` for what should be such bytes and is not."""
    given = value.get(_BYTES) if isinstance(value, dict) else None
    if isinstance(given, str):
        return Path(os.fsdecode(bytes.fromhex(given)))
    path: Path = usual(value)
    return path


class _AsBytes:
    """What pydantic asks of an annotation."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_wrap_validator_function(
            _heard,
            handler(source),
            serialization=core_schema.plain_serializer_function_ser_schema(_told, when_used="json"),
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "format": "path"}, {"type": "object"}]}


JsonPath = Annotated[Path, _AsBytes()]
"""A path that reads back as the very same bytes."""
