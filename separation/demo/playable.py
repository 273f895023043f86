"""Whether the files that make the demonstration song's stems playable are there; imports no library
that computes, so that a web server can ask."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

INDEX = "listen/index.json"


def is_complete(folder: Path) -> bool:
    """Return whether ``folder`` has an index and every file that it names, each of its size."""
    try:
        index = json.loads((folder / INDEX).read_bytes())
        return all((folder / path).stat().st_size == size for path, size in _files(index))
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _files(index: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """The files and their sizes in bytes. A file of peaks ends with its last level, of two bytes a
    segment."""
    for stem in index["stems"]:
        yield stem["preview"], stem["size_bytes"]
        last = stem["peak_levels"][-1]
        yield stem["peaks"], last["offset"] + 2 * last["count"]
