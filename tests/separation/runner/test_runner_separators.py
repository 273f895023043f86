"""Separators stay loaded between jobs, but not without end."""

from collections.abc import Iterator

import pytest

from separation.base import SeparatorOptions
from separation.errors import InvalidOptions
from separation.registry import SeparatorFactory
from separation.runner.__main__ import SeparatorCache
from tests.separation.fakes import FakeSeparator


class Closing(FakeSeparator):
    closed: list[str | None]

    def close(self) -> None:
        self.closed.append(self.options.model)


@pytest.fixture
def closed() -> Iterator[list[str | None]]:
    Closing.closed = []
    SeparatorFactory.register_separator("closing", Closing)
    yield Closing.closed
    SeparatorFactory.unregister_separator("closing")


def test_the_same_question_gives_the_same_separator(closed: list[str | None]) -> None:
    cache = SeparatorCache()
    first = cache("closing", SeparatorOptions(model="a"))
    assert cache("closing", SeparatorOptions(model="a")) is first
    assert cache("closing", SeparatorOptions(model="b")) is not first


def test_a_job_with_another_choice_leaves_the_one_before_it_loaded(
    closed: list[str | None],
) -> None:
    cache = SeparatorCache()
    for overlap in (0.25, 0.1):
        for device in ("auto", "cpu"):
            cache("closing", SeparatorOptions(overlap=overlap, device=device))
    assert closed == []


def test_the_one_that_was_unused_longest_is_closed(closed: list[str | None]) -> None:
    cache = SeparatorCache(limit=2)
    kept = cache("closing", SeparatorOptions(model="a"))
    cache("closing", SeparatorOptions(model="b"))
    cache("closing", SeparatorOptions(model="a"))
    cache("closing", SeparatorOptions(model="c"))
    assert closed == ["b"]
    assert cache("closing", SeparatorOptions(model="a")) is kept


def test_an_unknown_separator_is_refused_by_name() -> None:
    with pytest.raises(InvalidOptions, match="kazoo"):
        SeparatorCache()("kazoo", SeparatorOptions())
