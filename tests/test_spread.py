"""The order in which the tests begin."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.spread import ALONE, LONGEST_FIRST, TOGETHER, in_order, left_to_others

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


ITEMS = [
    an_item("tests/a.py"),
    an_item("tests/browser/d.py"),
    an_item("tests/browser/tour/test_accessibility.py"),
    *(an_item(f"tests/chaos/test_{name}.py") for name in "pqrs"),
    *(an_item(file) for file in LONGEST_FIRST[2:]),
]


def files_left(shard: str) -> set[Path]:
    return {item.path for item in left_to_others(ITEMS, shard)}


def test_each_of_the_dearest_files_runs_in_exactly_one_shard() -> None:
    dearest = {item.path for item in ITEMS[2:]}
    shards = [dearest - files_left(f"{number}/3") for number in (1, 2, 3)]
    assert sum(len(shard) for shard in shards) == len(dearest)
    assert set().union(*shards) == dearest
    assert max(len(shard) for shard in shards) - min(len(shard) for shard in shards) <= 1


def test_all_other_tests_run_in_every_shard() -> None:
    others = {item.path for item in ITEMS[:2]}
    assert others.isdisjoint(files_left("1/2") | files_left("2/2"))


def test_one_shard_of_one_is_everything() -> None:
    assert files_left("1/1") == set()


@pytest.mark.parametrize("shard", ["3/2", "0/2", "1", "a/b", "1/0"])
def test_what_is_no_shard_is_refused(shard: str) -> None:
    with pytest.raises(ValueError, match="SHARD"):
        files_left(shard)
