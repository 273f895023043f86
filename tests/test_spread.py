"""The order in which the tests begin."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.spread import ALONE, LONGEST_FIRST, TOGETHER, in_order

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("place", sorted({*LONGEST_FIRST, *ALONE, *TOGETHER}))
def test_what_is_named_is_there(place: str) -> None:
    assert (ROOT / place).exists()


def an_item(file: str, *, slow: bool = False) -> Any:
    return SimpleNamespace(
        nodeid=f"{file}::test_x", path=Path(file), get_closest_marker=lambda name: slow or None
    )


def test_what_takes_longest_begins_first_and_what_is_marked_as_slow_next() -> None:
    first, second = LONGEST_FIRST[-2:]
    items = [
        an_item("tests/a.py"),
        an_item("tests/b.py", slow=True),
        an_item(second),
        an_item(first, slow=True),
        an_item("tests/chaos/c.py"),
        an_item("tests/browser/d.py"),
    ]
    files = [item.nodeid.split("::")[0] for item in in_order(items)]
    assert files == [
        "tests/browser/d.py", "tests/chaos/c.py", first, second, "tests/b.py", "tests/a.py"
    ]  # fmt: skip
