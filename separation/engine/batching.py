"""How many windows a card computes at once, and what happens when that was too many.

Nothing here knows torch: a :class:`Lane` does the work, so all of it runs without a card.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from separation.audio.blocks import FloatArray
from separation.errors import OutOfMemory

MEMORY_SHARE = 0.8
"""Of the free memory; the rest is for fragmentation and for other programs that grow."""

IN_FLIGHT = 2
"""Batches that a run should get, so that one is copied while the other is computed."""

_log = logging.getLogger("engine")


class BatchPlanner:
    """The number of windows in a batch, from 1 to ``limit``.

    1 until one window has been measured; then what fits into ``MEMORY_SHARE`` of the free memory.
    A batch that did not fit halves it, and that is not forgotten: measured once more, the same
    memory would be as full.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"a batch holds at least one window, not {limit}")
        self._ceiling = limit
        self._bytes_per_window: int | None = None
        self.batch = 1
        self.peaks: dict[int, int] = {}
        """The most bytes that were held during a batch, by its windows."""

    @property
    def is_measured(self) -> bool:
        """Whether there is nothing to find out, or it has been found out."""
        return self._ceiling == 1 or self._bytes_per_window is not None

    @property
    def windows_wanted(self) -> int:
        """How many windows one run can make use of."""
        known = self.batch if self.is_measured else self._ceiling
        return 1 if self._ceiling == 1 else IN_FLIGHT * known

    def measured(self, bytes_per_window: int) -> None:
        """One window needed this much beyond the weights, at its highest."""
        self._bytes_per_window = max(bytes_per_window, 1)

    def fit(self, free_bytes: int) -> None:
        """Choose the batch for this much free memory; without a measurement it stays."""
        if self._bytes_per_window is not None:
            fitting = int(MEMORY_SHARE * free_bytes) // self._bytes_per_window
            self.batch = min(max(fitting, 1), self._ceiling)

    def saw(self, windows: int, peak_bytes: int) -> None:
        """A batch fitted, with this much held at its highest."""
        self.peaks[windows] = max(peak_bytes, self.peaks.get(windows, 0))

    def halve(self) -> bool:
        """After a batch that did not fit; False when it held one window already."""
        if self.batch == 1:
            return False
        self.batch = self._ceiling = self.batch // 2
        return True


class Lane(Protocol):
    """The way of a batch through a device. All but ``receive`` may return before it is done."""

    def send(self, windows: FloatArray) -> Any:
        """Start copying (n, channels, frames) to the device."""

    def compute(self, sent: Any) -> Any:
        """Start the network and the way back. Raises ``OutOfMemory``."""

    def receive(self, computed: Any) -> FloatArray:
        """Wait for (n, stems, channels, frames)."""

    def bytes_of_last(self) -> int:
        """What the last batch needed at its highest, beyond what stays."""

    def peak_bytes(self) -> int:
        """What the process held during the last batch at its highest, weights included; 0 where
        nobody counts."""

    def free_bytes(self) -> int: ...

    def release(self) -> None:
        """Give back what a batch that failed has left behind."""


def run_windows(windows: FloatArray, lane: Lane, planner: BatchPlanner) -> FloatArray:
    """All windows through ``lane`` in batches; (n, stems, channels, frames).

    The first window measures; a batch for which there is no memory is tried again by halves.
    Raises ``OutOfMemory`` when not even one window fits.
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
        # Here and not in a handler, whose traceback would keep the failed batch in memory.
        lane.release()
        tried = planner.batch
        if not planner.halve():
            raise OutOfMemory(failure)
        _log.warning("no memory for %d windows at once, going on with %d", tried, planner.batch)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _measure(window: FloatArray, lane: Lane, planner: BatchPlanner) -> FloatArray:
    out = lane.receive(lane.compute(lane.send(window)))
    planner.saw(1, lane.peak_bytes())
    planner.measured(lane.bytes_of_last())
    return out


def _run_until_full(
    windows: FloatArray, lane: Lane, planner: BatchPlanner, parts: list[FloatArray]
) -> str | None:
    """Append results to ``parts`` until all are there or memory runs out: then the reason."""
    batch = planner.batch
    batches = [windows[start : start + batch] for start in range(0, len(windows), batch)]
    try:
        for part in _pipelined(batches, lane, planner):
            parts.append(part)
    except OutOfMemory as error:
        return str(error)
    return None


def _pipelined(
    batches: Sequence[FloatArray], lane: Lane, planner: BatchPlanner
) -> Iterator[FloatArray]:
    """Results in order: the next batch goes in and the last one comes back during computing."""
    sent = lane.send(batches[0])
    computed = None
    for place in range(len(batches)):
        before, computed = computed, lane.compute(sent)
        # Memory is taken when work is ordered, so this is known before it is done.
        planner.saw(len(batches[place]), lane.peak_bytes())
        sent = lane.send(batches[place + 1]) if place + 1 < len(batches) else None
        if before is not None:
            yield lane.receive(before)
    yield lane.receive(computed)
