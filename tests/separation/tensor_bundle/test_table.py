"""Tables of LevelDB's kind."""

import pytest

from separation.tensor_bundle.table import read_table
from separation.tensor_bundle.wire import BundleDamaged, read_message, read_varint
from tests.separation.tensor_bundle.tables import block_of, stored, table_of, varint

ENTRIES = {b"conv/bias": b"1", b"conv/kernel": b"22", b"norm": b""}


def test_keys_that_share_prefixes_are_whole() -> None:
    assert read_table(table_of(block_of(ENTRIES))) == ENTRIES


def test_several_blocks_are_one_table() -> None:
    assert read_table(table_of(block_of(ENTRIES), block_of({b"x": b"y"}))) == {
        **ENTRIES,
        b"x": b"y",
    }


@pytest.mark.parametrize(("compression", "how"), [(1, "by snappy"), (2, "in an unknown way")])
def test_a_compressed_block_is_refused_by_name(compression: int, how: str) -> None:
    with pytest.raises(BundleDamaged, match=how):
        read_table(table_of(block_of(ENTRIES), compression=compression))


def test_a_wrong_checksum_is_seen() -> None:
    table = bytearray(table_of(block_of(ENTRIES)))
    table[0] ^= 1
    with pytest.raises(BundleDamaged, match="wrong checksum"):
        read_table(bytes(table))


def test_a_block_that_is_listed_a_thousand_times_is_not_read_so_often() -> None:
    with pytest.raises(BundleDamaged, match="again and again"):
        read_table(table_of(block_of({b"k": bytes(100_000)}), times=1000))


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        (b"", "too short"),
        (b"\xff\xff\xff\xff", "shorter than it says"),
        (varint(5) + b"\0\0" + bytes(4), "begins with what is not there"),
        (b"\0" + varint(2**40) + b"\0" + bytes(4), "breaks off"),
        (b"\x80\x80" + bytes(4), "no end"),
        (b"\0" + varint(5_000) + b"\0" + bytes(5_000) + bytes(4), "longer than any"),
    ],
)
def test_a_broken_block_is_named(block: bytes, fault: str) -> None:
    with pytest.raises(BundleDamaged, match=fault):
        read_table(table_of(block))


@pytest.mark.parametrize("data", [b"", bytes(48), stored(b"")])
def test_what_does_not_end_as_a_table_is_refused(data: bytes) -> None:
    with pytest.raises(BundleDamaged, match=r"too short|does not end"):
        read_table(data)


def test_a_block_outside_the_file_is_refused() -> None:
    table = table_of(block_of(ENTRIES))
    with pytest.raises(BundleDamaged, match="outside"):
        read_table(table[-48:])


@pytest.mark.parametrize("value", [0, 1, 127, 128, 2**32, 2**64 - 1])
def test_varints_come_back(value: int) -> None:
    data = varint(value)
    assert read_varint(data, 0) == (value, len(data))


def test_a_varint_of_eleven_bytes_has_no_end() -> None:
    with pytest.raises(BundleDamaged, match="no end"):
        read_varint(b"\xff" * 11, 0)


def test_a_message_of_groups_is_refused() -> None:
    with pytest.raises(BundleDamaged, match="unknown kind"):
        list(read_message(b"\x0b"))
