"""A small file of every kind in the zoo, as bytes: what property tests change and a fuzzer begins
with."""

import functools
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.zoo.formats import FORMATS

_FRAMES = 1500
"""A packet or two of every codec."""


def small_files() -> dict[str, bytes]:
    """One for every container and codec."""
    names = {(format_.container, format_.codec): format_.name for format_ in reversed(FORMATS)}
    return {name: small_file(name) for name in names.values()}


@functools.cache
def small_file(name: str) -> bytes:
    """The bytes of one format of the table, by its name there."""
    format_ = next(format_ for format_ in FORMATS if format_.name == name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "song"
        replace(format_, frames=min(format_.frames, _FRAMES)).make(path)
        return path.read_bytes()
