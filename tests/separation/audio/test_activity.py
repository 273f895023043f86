"""When a stem sounds."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from separation.audio.metering.activity import ActivityMeter, merged_intervals

RATE_HZ = 44_100


def sung(*parts: tuple[float, float], length_s: float = 10.0, floor: float = 0.0) -> np.ndarray:
    time = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    level = np.full(len(time), floor)
    for start, end in parts:
        level[(time >= start) & (time < end)] = 0.3
    return (np.sin(2 * np.pi * 300 * time) * level)[np.newaxis].repeat(2, axis=0)


def intervals(
    samples: np.ndarray, block: int = 65_536, **choices: float
) -> list[tuple[float, float]]:
    meter = ActivityMeter(RATE_HZ)
    for start in range(0, samples.shape[1], block):
        meter.write(samples[:, start : start + block].astype(np.float32))
    return meter.intervals(**choices)


def test_entries_are_found_to_a_step_of_fifty_milliseconds() -> None:
    found = intervals(sung((1.0, 2.5), (6.0, 9.0)), block=10_007)
    assert np.allclose(found, [(1.0, 2.5), (6.0, 9.0)], atol=0.051)


def test_a_short_breath_does_not_end_a_phrase_and_a_long_one_does() -> None:
    song = sung((1.0, 2.0), (2.25, 3.0), (4.0, 5.0))
    assert len(intervals(song)) == 2
    assert len(intervals(song, gap_ms=100)) == 3
    assert len(intervals(song, gap_ms=1200)) == 1


def test_a_click_is_no_entry() -> None:
    assert intervals(sung((3.0, 3.04)), shortest_ms=100) == []


def test_bleed_far_below_the_voice_is_no_entry() -> None:
    found = intervals(sung((2.0, 6.0), floor=0.3 * 10 ** (-40 / 20)))
    assert np.allclose(found, [(2.0, 6.0)], atol=0.051)


def test_silence_and_nothing_have_no_entries() -> None:
    assert intervals(sung()) == []
    assert intervals(np.zeros((2, 0))) == []
    assert intervals(np.zeros((2, 10))) == []


@pytest.mark.parametrize(
    ("gap_ms", "expected"),
    ((300.0, [(0.0, 2.0), (2.5, 3.0)]), (0.0, [(0.0, 1.0), (1.3, 2.0), (2.5, 3.0)])),
)
def test_a_gap_of_exactly_the_limit_is_closed(
    gap_ms: float, expected: list[tuple[float, float]]
) -> None:
    assert merged_intervals([(2.5, 3.0), (1.3, 2.0), (0.0, 1.0)], gap_ms=gap_ms) == expected


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)).map(lambda p: (min(p), max(p)))))
def test_merged_intervals_are_in_order_and_cover_what_went_in(
    pairs: list[tuple[float, float]],
) -> None:
    merged = merged_intervals(pairs, gap_ms=250)
    assert all(b[0] - a[1] > 0.25 for a, b in pairwise(merged))
    assert all(any(a <= start and end <= b for a, b in merged) for start, end in pairs)
