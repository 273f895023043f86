"""Chooses how many windows a GPU computes at once, and retries with fewer when memory runs out.

This module imports no torch: a :class:`DeviceTransfer` does the work, so the module runs without a
GPU.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from separation.audio.blocks import FloatArray
from separation.errors import OutOfMemory

MEMORY_SHARE = 0.8
"""Share of the free memory that a batch may fill; the rest covers fragmentation and other programs
that grow."""

IN_FLIGHT = 2
"""Batches that each run should receive: one is copied while the other is computed."""

_log = logging.getLogger("engine")


class BatchPlanner:
    """The number of windows in a batch, from 1 to ``limit``.

    It is 1 until one window has been measured; then as many as fit into ``MEMORY_SHARE`` of the
    free memory. A batch that did not fit halves the number for good, because a new measurement of
    the same memory would lead to the same failure.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"a batch holds at least one window, not {limit}")
        self._ceiling = limit
        self._bytes_per_window: int | None = None
        self.batch = 1
        self.peaks: dict[int, int] = {}
        """Peak memory of a batch in bytes, keyed by the number of its windows."""

    @property
    def is_measured(self) -> bool:
        """Whether one window has been measured, or no measurement is needed."""
        return self._ceiling == 1 or self._bytes_per_window is not None

    @property
    def usable_windows(self) -> int:
        """How many windows one run can use."""
        known = self.batch if self.is_measured else self._ceiling
        return 1 if self._ceiling == 1 else IN_FLIGHT * known

    def record_window(self, bytes_per_window: int) -> None:
        """Record the peak memory of one window, weights excluded."""
        self._bytes_per_window = max(bytes_per_window, 1)

    def fit(self, free_bytes: int) -> None:
        """Choose the batch for this much free memory; without a measurement, keep it."""
        if self._bytes_per_window is not None:
            fitting = int(MEMORY_SHARE * free_bytes) // self._bytes_per_window
            self.batch = min(max(fitting, 1), self._ceiling)

    def record_peak(self, windows: int, peak_bytes: int) -> None:
        """Record the peak memory of a batch that fitted."""
        self.peaks[windows] = max(peak_bytes, self.peaks.get(windows, 0))

    def halve(self) -> bool:
        """Halve the batch after one that did not fit; False when it already held one window."""
        if self.batch == 1:
            return False
        self.batch = self._ceiling = self.batch // 2
        return True


class DeviceTransfer(Protocol):
    """Moves batches through a device. Every method but ``receive`` may return before its work is
    done."""

    def send(self, windows: FloatArray) -> Any:
        """Start copying (n, channels, frames) to the device."""

    def compute(self, sent: Any) -> Any:
        """Start the network and the copy back. Raises ``OutOfMemory``."""

    def receive(self, computed: Any) -> FloatArray:
        """Wait for (n, stems, channels, frames)."""

    def bytes_of_last(self) -> int:
        """Peak memory that the last batch added to what was allocated before it."""

    def peak_bytes(self) -> int:
        """Peak memory of the process during the last batch, weights included; 0 where it is not
        counted."""

    def free_bytes(self) -> int: ...

    def release(self) -> None:
        """Free the memory that a failed batch left allocated."""


def run_windows(windows: FloatArray, lane: DeviceTransfer, planner: BatchPlanner) -> FloatArray:
    """Run all windows through ``lane`` in batches; returns (n, stems, channels, frames).

    The first window is run alone to measure its memory. A batch that does not fit is tried again
    at half its size. Raises ``OutOfMemory`` when not even one window fits.
    """
    parts: list[FloatArray] = []
    if not planner.is_measured:
        parts.append(_measure(windows[:1], lane, planner))
    planner.fit(lane.free_bytes())
    done = len(parts)
    while done < len(windows):
        failure = _run_until_full(windows[done:], lane, planner, parts)
        done = sum(len(part) for part in parts)
        if failure is None:
            continue
        # Outside an exception handler, because its traceback would keep the failed batch in memory.
        lane.release()
        tried = planner.batch
        if not planner.halve():
            raise OutOfMemory(failure)
        _log.warning("no memory for %d windows at once, going on with %d", tried, planner.batch)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _measure(window: FloatArray, lane: DeviceTransfer, planner: BatchPlanner) -> FloatArray:
    out = lane.receive(lane.compute(lane.send(window)))
    planner.record_peak(1, lane.peak_bytes())
    planner.record_window(lane.bytes_of_last())
    return out


def _run_until_full(
    windows: FloatArray, lane: DeviceTransfer, planner: BatchPlanner, parts: list[FloatArray]
) -> str | None:
    """Append results to ``parts``. Returns the reason when memory runs out, else ``None``."""
    batch = planner.batch
    batches = [windows[start : start + batch] for start in range(0, len(windows), batch)]
    try:
        for part in _pipelined(batches, lane, planner):
            parts.append(part)
    except OutOfMemory as error:
        return str(error)
    return None


def _pipelined(
    batches: Sequence[FloatArray], lane: DeviceTransfer, planner: BatchPlanner
) -> Iterator[FloatArray]:
    """Yield the results in order; while one batch is computed, the next one is copied to the device
    and the previous one is copied back."""
    sent = lane.send(batches[0])
    computed = None
    for place in range(len(batches)):
        before, computed = computed, lane.compute(sent)
        # Memory is allocated when work is queued, so the peak is known before the work is done.
        planner.record_peak(len(batches[place]), lane.peak_bytes())
        sent = lane.send(batches[place + 1]) if place + 1 < len(batches) else None
        if before is not None:
            yield lane.receive(before)
    yield lane.receive(computed)
