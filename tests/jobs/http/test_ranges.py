"""The Range header by itself."""

import pytest

from jobs.http.ranges import ByteRange, Unsatisfiable, parse_range


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
