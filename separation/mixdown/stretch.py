"""Time stretching without a change of pitch, as in the mixer (``static/js/mixer/stretch.js``).

WSOLA (Verhelst and Roelands, ICASSP 1993). Each hop of the output fades from the natural
continuation of the hop before it to the most similar segment near the target position.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from separation.audio.blocks import FloatArray

HOP = 1280
"""29 ms at 44.1 kHz: two periods of 70 Hz."""

SEEK = 640
_COARSE = 4
_AREA = 2 * SEEK + HOP
_RISE = (np.sin(np.pi / 2 * (np.arange(HOP) + 0.5) / HOP) ** 2).astype(np.float32)
_BATCH = 48
"""Hops that are yielded together."""


def stretched(blocks: Iterator[FloatArray], speed: float, frames: int) -> Iterator[FloatArray]:
    """Yield exactly ``frames`` frames of ``blocks`` (float32, (2, n)) at ``speed``; at 1 the blocks
    are unchanged."""
    if speed == 1.0:
        yield from blocks
        return
    hops: list[FloatArray] = []
    remaining = frames
    for hop in _hops(_Window(blocks), speed):
        hops.append(hop[:, :remaining])
        remaining -= hops[-1].shape[1]
        if len(hops) == _BATCH or not remaining:
            yield np.concatenate(hops, axis=1)
            hops = []
        if not remaining:
            return


def _hops(window: "_Window", speed: float) -> Iterator[FloatArray]:
    """Yield hops without end: silence follows the sound."""
    last = 0
    yield window.read(0, HOP)
    number = 1
    while True:
        target = round(number * HOP * speed)
        model = window.read(last + HOP, HOP)
        area = window.read(target - SEEK, _AREA)
        place = _place(model.sum(axis=0), area.sum(axis=0))
        yield model + _RISE * (area[:, place : place + HOP] - model)
        last = target - SEEK + place
        number += 1


def _place(model: FloatArray, area: FloatArray) -> int:
    """Return the position in ``area`` that resembles ``model`` most: a coarse search, then a search
    to the sample."""
    rough = _best_fit(_thinned(model), _thinned(area), 0, 2 * SEEK // _COARSE) * _COARSE
    return _best_fit(model, area, max(0, rough - _COARSE), min(2 * SEEK, rough + _COARSE))


def _best_fit(model: FloatArray, area: FloatArray, first: int, last: int) -> int:
    """Return the position from ``first`` to ``last`` with the highest normalised correlation."""
    part: NDArray[np.float64] = area[first : last + len(model)].astype(np.float64)
    product = np.correlate(part, model.astype(np.float64), "valid")
    sums = np.concatenate([[0.0], np.cumsum(part**2)])
    energy = np.maximum(sums[len(model) :] - sums[: -len(model)], 0.0) + 1e-9
    return first + int(np.argmax(product / np.sqrt(energy)))


def _thinned(samples: FloatArray) -> FloatArray:
    found: FloatArray = samples.reshape(-1, _COARSE).sum(axis=1)
    return found


class _Window:
    """A sliding window on a stream of blocks; zeros before and behind the stream."""

    _BEHIND = 4 * _AREA

    def __init__(self, blocks: Iterator[FloatArray]) -> None:
        self._blocks = blocks
        self._held = np.zeros((2, _AREA), dtype=np.float32)
        self._first = -_AREA

    def read(self, start: int, count: int) -> FloatArray:
        """Return frames ``start`` to ``start + count``; ``start`` must lie less than ``_BEHIND``
        frames before that of the last read."""
        while self._first + self._held.shape[1] < start + count:
            dropped = min(max(0, start - self._BEHIND - self._first), self._held.shape[1])
            following = next(self._blocks, None)
            if following is None:
                following = np.zeros((2, _AREA + count), dtype=np.float32)
            self._held = np.concatenate([self._held[:, dropped:], following], axis=1)
            self._first += dropped
        at = start - self._first
        return self._held[:, at : at + count]
