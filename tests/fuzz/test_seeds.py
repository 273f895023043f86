"""The fuzzer's targets without the fuzzer: they run, on all that it begins with."""

from functools import partial

import pytest

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS, WORDS
from tests.zoo.seeds import small_file


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_runs_on_its_seeds_and_on_halves_of_them(name: str) -> None:
    begin = seeds(name)

    assert len(begin) > 2
    for seed in (b"", *begin, *(seed[: len(seed) // 2] for seed in begin)):
        TARGETS[name](seed)


def test_every_reader_of_words_has_seeds_and_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    read: set[str] = set()

    def noted(reader: str, data: bytes) -> None:
        read.add(reader)

    for reader in WORDS:
        monkeypatch.setitem(WORDS, reader, partial(noted, reader))

    for seed in seeds("words"):
        TARGETS["words"](seed)

    assert read == set(WORDS)


def test_a_target_tells_a_broken_promise_from_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise IndexError

    monkeypatch.setattr("tests.fuzz.targets.run_task", broken)

    with pytest.raises(IndexError):
        TARGETS["intake"](small_file("flac"))
