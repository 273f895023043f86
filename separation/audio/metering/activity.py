"""Active intervals of a stem in seconds, for example to show where the singer enters."""

import math
from array import array
from collections.abc import Iterable

import numpy as np

from separation.audio.blocks import FloatArray

_STEP_S = 0.05
_ABSOLUTE_DBFS = -60.0
"""A level below this is silence in every song."""

_BELOW_LOUD_DB = 32.0
"""A stem counts as active down to this distance below its loud parts (the 95th percentile of the
level). The bleed of other instruments usually lies lower (own choice, by ear)."""

_LOUD_PERCENTILE = 95

DEFAULT_GAP_MS = 300.0
DEFAULT_SHORTEST_MS = 100.0

Interval = tuple[float, float]


class ActivityMeter:
    """Reduces blocks of float32 (channels, frames) to one level per 50 ms."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._step = round(_STEP_S * sample_rate_hz)
        self._pending = np.zeros(0)
        self._powers = array("f")
        self._frames = 0

    def write(self, block: FloatArray) -> None:
        self._frames += block.shape[1]
        power = np.concatenate([self._pending, np.einsum("cn,cn->n", block, block) / len(block)])
        whole = len(power) // self._step * self._step
        self._powers.extend(power[:whole].reshape(-1, self._step).mean(axis=1).tolist())
        self._pending = power[whole:]

    def intervals(
        self, *, gap_ms: float = DEFAULT_GAP_MS, shortest_ms: float = DEFAULT_SHORTEST_MS
    ) -> list[Interval]:
        """Return (start_s, end_s) in order. Intervals with a gap of at most ``gap_ms`` are merged;
        then intervals shorter than ``shortest_ms`` are left out."""
        powers = np.frombuffer(self._powers, dtype=np.float32)
        if not len(powers):
            return []
        loud = float(np.percentile(powers, _LOUD_PERCENTILE))
        threshold = max(loud * 10 ** (-_BELOW_LOUD_DB / 10), 10 ** (_ABSOLUTE_DBFS / 10))
        edges = np.flatnonzero(np.diff(np.concatenate([[0], powers > threshold, [0]])))
        step_s = self._step / self._rate_hz
        found = [(start * step_s, end * step_s) for start, end in edges.reshape(-1, 2).tolist()]
        merged = merged_intervals(found, gap_ms=gap_ms)
        longest_s = self._frames / self._rate_hz
        return [
            (round(start, 3), round(min(end, longest_s), 3))
            for start, end in merged
            if (end - start) * 1000 >= shortest_ms and not math.isclose(start, longest_s)
        ]


def merged_intervals(intervals: Iterable[Interval], *, gap_ms: float) -> list[Interval]:
    """Sort ``intervals``, and merge those that overlap or lie at most ``gap_ms`` apart."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        # A nanosecond of tolerance, as 1.3 - 1.0 is a little above 0.3 in floating point.
        if merged and start - merged[-1][1] <= gap_ms / 1000 + 1e-9:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
