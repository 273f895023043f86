"""Batches on a card that is not there: memory is a number, and too large a batch raises."""

import numpy as np
import pytest

from separation.engine.batching import IN_FLIGHT, MEMORY_SHARE, BatchPlanner, run_windows
from separation.errors import OutOfMemory

WINDOW_BYTES = 100
WEIGHT_BYTES = 5000


class SmallCard:
    """A lane that doubles its input and holds ``room`` windows at once."""

    def __init__(self, room: int, *, reported_free: int | None = None) -> None:
        self._room = room
        self._free = WINDOW_BYTES * 1000 if reported_free is None else reported_free
        self.steps: list[str] = []
        self.batches: list[int] = []
        self.released = 0

    def send(self, windows: np.ndarray) -> np.ndarray:
        self.steps.append("send")
        return windows.copy()

    def compute(self, sent: np.ndarray) -> np.ndarray:
        self.steps.append("compute")
        self.batches.append(len(sent))
        if len(sent) > self._room:
            raise OutOfMemory("The card is full.")
        return np.stack([sent, 2 * sent], axis=1)

    def receive(self, computed: np.ndarray) -> np.ndarray:
        self.steps.append("receive")
        return computed

    def bytes_of_last(self) -> int:
        return WINDOW_BYTES

    def peak_bytes(self) -> int:
        return WEIGHT_BYTES + WINDOW_BYTES * self.batches[-1]

    def free_bytes(self) -> int:
        return self._free

    def release(self) -> None:
        self.released += 1


def windows(count: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(count, 2, 5)).astype(np.float32)


def expected(given: np.ndarray) -> np.ndarray:
    return np.stack([given, 2 * given], axis=1)


def free_for(count: int) -> int:
    return int(count * WINDOW_BYTES / MEMORY_SHARE) + 1


def test_the_first_window_is_measured_and_the_rest_go_in_batches_that_fit() -> None:
    given, card, planner = (
        windows(10),
        SmallCard(room=4, reported_free=free_for(4)),
        BatchPlanner(8),
    )
    np.testing.assert_array_equal(run_windows(given, card, planner), expected(given))
    assert card.batches == [1, 4, 4, 1]


def test_a_card_with_much_memory_gets_no_more_than_the_limit() -> None:
    card = SmallCard(room=1000)
    run_windows(windows(20), card, BatchPlanner(8))
    assert card.batches == [1, 8, 8, 3]


def test_what_was_measured_is_remembered_but_free_memory_is_looked_at_again() -> None:
    card, planner = SmallCard(room=1000), BatchPlanner(8)
    run_windows(windows(1), card, planner)
    card._free = free_for(3)
    run_windows(windows(6), card, planner)
    assert card.batches == [1, 3, 3]


def test_a_batch_without_memory_is_tried_again_by_halves_with_every_window_in_its_place() -> None:
    given, card, planner = windows(17), SmallCard(room=3), BatchPlanner(8)
    np.testing.assert_array_equal(run_windows(given, card, planner), expected(given))
    assert card.batches[:4] == [1, 8, 4, 2]
    assert set(card.batches[3:]) == {2}
    assert card.released == 2


def test_memory_that_runs_out_in_the_middle_loses_no_window_and_repeats_no_result() -> None:
    class FillsUp(SmallCard):
        def compute(self, sent: np.ndarray) -> np.ndarray:
            if len(self.batches) == 3:
                self._room = 1
            return super().compute(sent)

    given, card = windows(14), FillsUp(room=4, reported_free=free_for(4))
    np.testing.assert_array_equal(run_windows(given, card, BatchPlanner(4)), expected(given))


def test_a_halved_batch_stays_halved_in_the_next_run() -> None:
    card, planner = SmallCard(room=2), BatchPlanner(8)
    run_windows(windows(9), card, planner)
    card.batches.clear()
    run_windows(windows(4), card, planner)
    assert card.batches == [2, 2]


def test_no_memory_for_one_window_is_told() -> None:
    planner = BatchPlanner(8)
    run_windows(windows(1), SmallCard(room=1), planner)
    with pytest.raises(OutOfMemory, match="card is full"):
        run_windows(windows(4), SmallCard(room=0), planner)


def test_no_memory_for_the_window_that_measures_is_told() -> None:
    with pytest.raises(OutOfMemory, match="card is full"):
        run_windows(windows(4), SmallCard(room=0), BatchPlanner(8))


def test_the_next_batch_is_sent_and_the_last_fetched_around_the_computing() -> None:
    card, planner = SmallCard(room=1), BatchPlanner(1)
    run_windows(windows(3), card, planner)
    assert card.steps == [
        *("send", "compute", "send", "compute", "send"),
        *("receive", "compute", "receive", "receive"),
    ]


def test_a_run_asks_for_enough_windows_to_keep_copies_and_computing_busy() -> None:
    planner = BatchPlanner(8)
    assert planner.usable_windows == IN_FLIGHT * 8
    planner.record_window(WINDOW_BYTES)
    planner.fit(free_for(3))
    assert planner.usable_windows == IN_FLIGHT * 3
    assert BatchPlanner(1).usable_windows == 1


def test_a_batch_never_gets_below_one_window() -> None:
    planner = BatchPlanner(4)
    planner.record_window(WINDOW_BYTES)
    planner.fit(0)
    assert planner.batch == 1
    assert not planner.halve()
    assert planner.batch == 1


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one window, not 0"):
        BatchPlanner(0)


def test_what_each_size_of_batch_needed_at_its_highest_is_kept() -> None:
    planner = BatchPlanner(4)
    run_windows(windows(7), SmallCard(room=1000), planner)
    assert planner.peaks == {1: 5100, 4: 5400, 2: 5200}


def test_a_batch_that_did_not_fit_is_not_taken_for_one_that_did() -> None:
    planner = BatchPlanner(8)
    run_windows(windows(9), SmallCard(room=2), planner)
    assert sorted(planner.peaks) == [1, 2]
