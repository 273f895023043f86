"""Hashing and reading back hours of sound takes minutes; a cancel does not wait for them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from separation.audio.encoding.verify import verify_file
from separation.errors import Cancelled
from separation.pipeline.receipts import seal_files
from separation.storage.atomic_files import digest_of
from tests.separation.fakes import make_song


def stop_at(call: int) -> Callable[[], None]:
    """A check that cancels when it is called for the ``call``-th time."""
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls >= call:
            raise Cancelled("enough")

    return check


@pytest.fixture
def song(tmp_path: Path) -> Path:
    # 2.6 MB: three chunks to hash, eight blocks to decode.
    return make_song(tmp_path / "song.wav", 7.5)


def test_hashing_looks_for_a_cancel_at_every_chunk(song: Path) -> None:
    with pytest.raises(Cancelled):
        digest_of(song, stop_at(3))
    digest_of(song, stop_at(4))


def test_sealing_and_comparing_look_too(song: Path, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        seal_files(tmp_path, stop_at(2))
    with pytest.raises(Cancelled):
        digest_of(song).matches(song, stop_at(2))


def test_a_cancel_while_a_file_is_read_back_is_no_fault_of_the_file(song: Path) -> None:
    facts: dict[str, Any] = {
        "frames": 330_750,
        "channels": 2,
        "sample_rate_hz": 44_100,
        "may_be_silent": False,
    }
    verify_file(song, **facts)
    with pytest.raises(Cancelled):
        verify_file(song, **facts, check=stop_at(3))
