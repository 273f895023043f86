"""Who is slow, and since when; by a clock that the tests turn."""

import pytest

from stemsite.gateway.timeouts import Deadline, MinimumRate, TooSlow


def test_a_deadline_is_not_renewed() -> None:
    patience = Deadline(10.0, 100.0)
    patience.moved(5)
    assert patience.left_s(109.0) == 1.0
    assert patience.too_slow_s(104.0) == 4.0
    with pytest.raises(TooSlow):
        patience.left_s(110.0)


def test_a_slow_client_that_keeps_pace_may_go_on_for_ever() -> None:
    pace = MinimumRate(10.0, 1000)
    for second in range(0, 300, 5):
        pace.begin_wait(second)
        assert pace.left_s(second) > 0
        pace.moved(5000)
        pace.end_wait(second + 5)
    assert pace.too_slow_s(300.0) < 10.0


def test_a_client_below_the_pace_is_too_slow_at_the_end_of_a_window() -> None:
    pace = MinimumRate(10.0, 1000)
    pace.moved(9_999)
    pace.begin_wait(0.0)
    assert pace.left_s(9.0) == 1.0
    with pytest.raises(TooSlow):
        pace.left_s(10.0)


def test_a_quick_start_lasts_for_one_window_only() -> None:
    pace = MinimumRate(10.0, 1000)
    pace.moved(10_000_000)
    pace.begin_wait(0.0)
    assert pace.left_s(10.0) == 10.0
    with pytest.raises(TooSlow):
        pace.left_s(20.0)


def test_time_in_which_nobody_waits_for_the_client_does_not_count() -> None:
    pace = MinimumRate(10.0, 1000)
    for start in (0.0, 100.0, 200.0):
        pace.begin_wait(start)
        pace.end_wait(start + 3.0)
    pace.begin_wait(300.0)
    assert pace.left_s(300.0) == 1.0


def test_what_the_kernel_holds_has_not_been_taken() -> None:
    held = [4_000_000]
    pace = MinimumRate(10.0, 1000, lambda: held[0])
    pace.moved(4_000_000)
    pace.begin_wait(0.0)
    assert pace.too_slow_s(2.0) == 2.0
    held[0] -= 50_000
    assert pace.too_slow_s(3.0) == 0.0
    assert pace.left_s(10.0) == 10.0  # the next window: nothing is taken in it
    with pytest.raises(TooSlow):
        pace.left_s(20.0)


def test_who_rests_after_a_quick_start_owes_from_when_somebody_looks() -> None:
    pace = MinimumRate(60.0, 1000)
    pace.moved(1_000_000)
    pace.begin_wait(0.0)
    assert pace.too_slow_s(1.0) == 0.0
    assert pace.too_slow_s(4.0) == 3.0
    pace.moved(10)
    assert pace.too_slow_s(5.0) == 0.0
