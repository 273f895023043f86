"""Pauses between tries."""

from datetime import UTC, datetime

import pytest

from separation.separators.remote.backoff import (
    LEAST_JITTER,
    CancellableWait,
    Pauses,
    retry_after_s,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_pauses_grow_by_half_up_to_thirty_seconds_with_jitter() -> None:
    pauses = Pauses(1.0, 1.5, 30.0)
    for n in range(30):
        longest = min(1.5**n, 30.0)
        assert LEAST_JITTER * longest <= pauses.next_s() <= longest


def test_two_clients_do_not_pause_alike() -> None:
    assert len({Pauses(1.0, 1.5, 30.0).next_s() for _ in range(20)}) > 1


def test_pauses_start_over() -> None:
    pauses = Pauses(1.0, 10.0, 30.0)
    pauses.next_s()
    assert pauses.next_s() > 1.0
    pauses.start_over()
    assert pauses.next_s() <= 1.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Fri, 02 Jan 2026 03:05:05 GMT", 60.0),
        ("Fri, 02 Jan 2026 03:00:00 GMT", 0.0),
        ("soon", None),
        ("²", None),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999999999", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds


def test_progress_never_goes_back() -> None:
    reported: list[float] = []
    waiter = CancellableWait(lambda fraction, message="": reported.append(fraction))
    waiter.report_progress(0.5, "half")
    waiter.report_progress(0.2, "asked again")
    waiter.note(0.7)
    waiter.beat()
    assert reported == [0.5, 0.5, 0.7]


def test_what_fails_in_the_thread_fails_here() -> None:
    def work(stop: object) -> None:
        raise KeyError("there")

    with pytest.raises(KeyError, match="there"):
        CancellableWait().run_in_thread(work)
