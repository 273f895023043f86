"""Writes the table of options in ``docs/api.md``: ``python -m separation.option_document FILE``."""

import sys
from collections.abc import Iterator
from pathlib import Path

from separation.options import OPTIONS

_HEAD = "| field | values | default | what it does |\n"


def render() -> str:
    """The table of the API's options, with a line break at its end."""
    return "".join(_lines())


def with_table(page: str) -> str:
    """The page with its table replaced by the current one.

    Raises ``ValueError`` where the page has no table.
    """
    start = page.index(_HEAD)
    end = page.index("\n\n", start) + 1
    return page[:start] + render() + page[end:]


def _lines() -> Iterator[str]:
    yield _HEAD
    yield "| --- | --- | --- | --- |\n"
    for row in OPTIONS.values():
        if not row.is_for_operator:
            yield f"| `{row.name}` | {row.accepted} | {row.without_it} | {row.sentence} |\n"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")
