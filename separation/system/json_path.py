"""Paths that cross a process boundary as JSON, also those that are no valid text.

A file name is bytes to Linux, and names in another encoding are common on old disks. Python holds
such bytes as lone surrogates, which JSON in UTF-8 cannot contain. This module does not import
pydantic: the decoding process imports it with the settings, but does not use pydantic.
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


def _serialized(path: Path) -> str | dict[str, str]:
    return str(path) if is_text(path) else {_BYTES: os.fsencode(path).hex()}


def _validated(value: Any, path_handler: Callable[[Any], Any]) -> Path:
    """Raises ``ValueError`` for bytes that are not hexadecimal."""
    hex_bytes = value.get(_BYTES) if isinstance(value, dict) else None
    if isinstance(hex_bytes, str):
        return Path(os.fsdecode(bytes.fromhex(hex_bytes)))
    path: Path = path_handler(value)
    return path


class _AsBytes:
    """The interface of an annotation for pydantic."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_wrap_validator_function(
            _validated,
            handler(source),
            serialization=core_schema.plain_serializer_function_ser_schema(
                _serialized, when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "format": "path"}, {"type": "object"}]}


JsonPath = Annotated[Path, _AsBytes()]
"""A path that keeps exactly its bytes through JSON."""
