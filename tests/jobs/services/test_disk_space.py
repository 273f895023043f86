"""Room on the disk, and the reserve of it."""

import errno
import resource
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import OperationalError
from pytest_django.fixtures import Settings

from jobs.services.storage.disk_space import (
    PIECE_BYTES,
    disk_faults,
    is_disk_full,
    is_room_here,
    maintain_reserve,
    make_room,
    refill_reserve,
)


@pytest.fixture
def reserve(settings: Settings, tmp_path: Path) -> Path:
    settings.RESERVE_BYTES = 4 * PIECE_BYTES
    return tmp_path / "reserve"


@contextmanager
def nothing_can_be_written() -> Iterator[None]:
    """As under a quota that is used up; the free space of the disk does not show it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def pieces(reserve: Path) -> int:
    return len(list(reserve.glob("*")))


def test_the_reserve_takes_the_room_of_the_setting(reserve: Path) -> None:
    refill_reserve()
    assert sum(file.stat().st_blocks * 512 for file in reserve.iterdir()) >= 4 * PIECE_BYTES
    refill_reserve()
    assert pieces(reserve) == 4


def test_without_a_reserve_nothing_is_made(settings: Settings, tmp_path: Path) -> None:
    settings.RESERVE_BYTES = 0
    refill_reserve()
    assert not (tmp_path / "reserve").exists()
    assert not make_room()


def test_room_is_made_piece_by_piece_and_comes_back(reserve: Path) -> None:
    refill_reserve()
    assert make_room() and make_room()
    assert pieces(reserve) == 2
    maintain_reserve()
    assert pieces(reserve) == 4


def test_the_housekeeping_leaves_half_of_it_for_people(reserve: Path) -> None:
    refill_reserve()
    with nothing_can_be_written():
        for _ in range(4):
            maintain_reserve()
        assert pieces(reserve) == 2
        make_room()
    assert pieces(reserve) == 1


def test_a_quota_is_found_by_trying_and_told_without_a_path(tmp_path: Path) -> None:
    assert is_room_here() and disk_faults() == []
    with nothing_can_be_written():
        assert not is_room_here()
        (fault,) = disk_faults()
    assert "full" in fault and str(tmp_path) not in fault
    assert list(tmp_path.glob(".room-*")) == []


def test_a_reserve_in_use_is_told_until_it_is_whole_again(reserve: Path) -> None:
    refill_reserve()
    assert disk_faults() == []
    make_room()
    assert len(disk_faults()) == 1
    maintain_reserve()
    assert disk_faults() == []


def test_too_little_for_uploads_is_told(settings: Settings, tmp_path: Path) -> None:
    settings.MIN_FREE_BYTES = 1 << 60
    (tmp_path / "uploads").mkdir()
    (fault,) = disk_faults()
    assert "uploads are refused" in fault and str(tmp_path) not in fault


def of_sqlite(name: str) -> OperationalError:
    cause = sqlite3.OperationalError(name)
    cause.sqlite_errorname = name
    error = OperationalError(name)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, ""), True),
        (OSError(errno.EDQUOT, ""), True),
        (OSError(errno.EACCES, ""), False),
        (of_sqlite("SQLITE_FULL"), True),
        (of_sqlite("SQLITE_BUSY"), False),
        (of_sqlite("SQLITE_IOERR_WRITE"), False),
        (OperationalError("no connection"), False),
        (ValueError(), False),
    ],
)
def test_what_says_that_the_disk_is_full(error: Exception, full: bool) -> None:
    assert is_disk_full(error) is full


def test_an_error_of_writing_counts_where_nothing_can_be_written() -> None:
    with nothing_can_be_written():
        assert is_disk_full(of_sqlite("SQLITE_IOERR_WRITE"))


@pytest.mark.parametrize(("free_pieces", "made"), [(2, 0), (3, 4)])
def test_a_piece_is_made_where_twice_as_much_stays_free(
    reserve: Path, monkeypatch: pytest.MonkeyPatch, free_pieces: int, made: int
) -> None:
    monkeypatch.setattr(
        "jobs.services.storage.disk_space._free_bytes", lambda _: free_pieces * PIECE_BYTES
    )
    refill_reserve()
    assert pieces(reserve) == made


def test_nobody_else_may_read_the_reserve(reserve: Path) -> None:
    refill_reserve()
    assert {stat.S_IMODE(file.stat().st_mode) for file in reserve.iterdir()} == {0o600}


def test_the_last_piece_is_given_up_too_unless_it_is_to_be_left(reserve: Path) -> None:
    refill_reserve()
    assert all(make_room(leave=1) for _ in range(3))
    assert not make_room(leave=1)
    assert pieces(reserve) == 1
    assert make_room()
    assert pieces(reserve) == 0
