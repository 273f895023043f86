"""The Range header by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.http.ranges import ByteRange, Unsatisfiable, parse_range

RANGE_PIECES = [
    *("bytes", "BYTES", "items", "=", "-", "--", ",", " ", "\t", "0", "5", "99", "-0", "\u0663"),
    *("9" * 18, "9" * 20, "\u00b2", "\x00", "bytes=", "bytes=0-", "bytes=-"),
]


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=10-", 10, 99),
        ("bytes=90-1000", 90, 99),
        ("bytes=-10", 90, 99),
        ("bytes=-1000", 0, 99),
        (" Bytes = 5 - 6 ", 5, 6),
    ],
)
def test_one_part_is_understood(header: str, start: int, end: int) -> None:
    part = parse_range(header, 100)
    assert part == ByteRange(start, end)
    assert part.length == end - start + 1
    assert part.content_range(100) == f"bytes {start}-{end}/100"


@pytest.mark.parametrize(
    "header",
    ["bytes=0-1,5-6", "items=0-1", "bytes=5-2", "bytes=-", "bytes=a-b", "", "bytes=0-" + "9" * 99],
)
def test_what_is_no_single_part_is_answered_with_the_whole(header: str) -> None:
    assert parse_range(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_part_behind_the_end_cannot_be_had(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, 100)


def test_an_empty_file_has_no_parts() -> None:
    for header in ("bytes=0-", "bytes=-5"):
        with pytest.raises(Unsatisfiable):
            parse_range(header, 0)


@given(st.lists(st.sampled_from(RANGE_PIECES), max_size=7).map("".join), st.integers(0, 2**40))
def test_whatever_is_asked_for_lies_within_the_file(header: str, size: int) -> None:
    try:
        part = parse_range(header, size)
    except Unsatisfiable:
        return
    assert part is None or 0 <= part.start <= part.end < size


@given(st.integers(0, 2**40), st.integers(0, 2**40), st.integers(1, 2**40))
def test_a_part_is_what_the_rfc_says(first: int, last: int, size: int) -> None:
    first, last = sorted((first % size, last))

    part = parse_range(f"bytes={first}-{last}", size)

    assert part == ByteRange(first, min(last, size - 1))
    assert parse_range(f"bytes={first}-", size) == ByteRange(first, size - 1)
    assert parse_range(f"bytes=-{size - first}", size) == ByteRange(first, size - 1)
