"""The sliding median against a plain sort of every window."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from separation.audio import median
from separation.audio.median import reflected, sliding_median


def sorted_medians(values: np.ndarray, kernel: int) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(values, kernel, axis=0)
    return np.median(windows, axis=-1).astype(values.dtype)


@settings(deadline=None, max_examples=60)
@given(
    kernel=st.integers(0, 40).map(lambda half: 2 * half + 1),
    more=st.integers(0, 70),
    lanes=st.integers(1, 9),
    seed=st.integers(0, 2**32 - 1),
)
def test_it_is_the_middle_of_the_sorted_window(
    kernel: int, more: int, lanes: int, seed: int
) -> None:
    # Whole numbers from a small range, so that equal values are common.
    values = np.random.default_rng(seed).integers(0, 50, (kernel + more, lanes)).astype(np.float32)
    assert np.array_equal(sliding_median(values, kernel), sorted_medians(values, kernel))


def test_edges_of_tiles_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).random((211, 37)).astype(np.float32)
    monkeypatch.setattr(median, "TILE_ELEMENTS", 16)
    assert np.array_equal(sliding_median(values, 31), sorted_medians(values, 31))


def test_the_input_is_left_alone() -> None:
    values = np.random.default_rng(2).random((64, 8)).astype(np.float32)
    before = values.copy()
    sliding_median(values, 1)[:] = 0
    sliding_median(values, 31)
    assert np.array_equal(values, before)


@pytest.mark.parametrize(("kernel", "rows"), [(4, 10), (0, 10), (-1, 10), (11, 10)])
def test_an_impossible_window_is_refused(kernel: int, rows: int) -> None:
    with pytest.raises(ValueError, match=str(kernel)):
        sliding_median(np.zeros((rows, 2), dtype=np.float32), kernel)


@pytest.mark.parametrize("length", [1, 2, 3, 7, 40])
def test_reflection_is_that_of_a_signal_mirrored_again_and_again(length: int) -> None:
    padded = np.pad(np.arange(length), 15, mode="symmetric")
    assert np.array_equal(reflected(-15, length + 15, length), padded)
