import pytest

from jobs.services.sizes import size


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 kB"),
        (1, "1 kB"),
        (1_000, "1 kB"),
        (1_001, "2 kB"),
        (999_999, "1000 kB"),
        (1_000_000, "1.0 MB"),
        (99_900_000, "99.9 MB"),
        (100_000_000, "100 MB"),
        (100_500_000, "100 MB"),
        (101_500_000, "102 MB"),
        (1_000_000_000, "1.00 GB"),
        (5_250_000_000, "5.25 GB"),
    ],
)
def test_bytes_are_told_in_the_decimal_unit_that_fits(count: int, words: str) -> None:
    assert size(count) == words
