"""Another tempo at the same pitch, as in the mixer: see ``static/js/mixer/stretch.js``.

WSOLA (Verhelst and Roelands, ICASSP 1993). Each hop of the output fades from the natural
continuation of the last one to the place near the wanted position that fits it best.
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
"""Hops that are handed on together."""


def stretched(blocks: Iterator[FloatArray], speed: float, frames: int) -> Iterator[FloatArray]:
    """Exactly ``frames`` frames of ``blocks`` (float32, (2, n)) at ``speed``; at 1 as they are."""
    if speed == 1.0:
        yield from blocks
        return
    hops: list[FloatArray] = []
    left = frames
    for hop in _hops(_Window(blocks), speed):
        hops.append(hop[:, :left])
        left -= hops[-1].shape[1]
        if len(hops) == _BATCH or not left:
            yield np.concatenate(hops, axis=1)
            hops = []
        if not left:
            return


def _hops(window: "_Window", speed: float) -> Iterator[FloatArray]:
    """Without end: silence follows the sound."""
    last = 0
    yield window.read(0, HOP)
    number = 1
    while True:
        wanted = round(number * HOP * speed)
        model = window.read(last + HOP, HOP)
        area = window.read(wanted - SEEK, _AREA)
        place = _place(model.sum(axis=0), area.sum(axis=0))
        yield model + _RISE * (area[:, place : place + HOP] - model)
        last = wanted - SEEK + place
        number += 1


def _place(model: FloatArray, area: FloatArray) -> int:
    """Where in ``area`` it resembles ``model`` most; sought roughly, then to the sample."""
    rough = _best_fit(_thinned(model), _thinned(area), 0, 2 * SEEK // _COARSE) * _COARSE
    return _best_fit(model, area, max(0, rough - _COARSE), min(2 * SEEK, rough + _COARSE))


def _best_fit(model: FloatArray, area: FloatArray, first: int, last: int) -> int:
    """The place from ``first`` to ``last`` of the highest normalised correlation."""
    part: NDArray[np.float64] = area[first : last + len(model)].astype(np.float64)
    product = np.correlate(part, model.astype(np.float64), "valid")
    sums = np.concatenate([[0.0], np.cumsum(part**2)])
    energy = np.maximum(sums[len(model) :] - sums[: -len(model)], 0.0) + 1e-9
    return first + int(np.argmax(product / np.sqrt(energy)))


def _thinned(samples: FloatArray) -> FloatArray:
    found: FloatArray = samples.reshape(-1, _COARSE).sum(axis=1)
    return found


class _Window:
    """The last stretch of a stream of blocks; zeros outside of it."""

    _BEHIND = 4 * _AREA

    def __init__(self, blocks: Iterator[FloatArray]) -> None:
        self._blocks = blocks
        self._held = np.zeros((2, _AREA), dtype=np.float32)
        self._first = -_AREA

    def read(self, start: int, count: int) -> FloatArray:
        """Frames ``start`` to ``start + count``; not far before what was read last."""
        while self._first + self._held.shape[1] < start + count:
            spent = min(max(0, start - self._BEHIND - self._first), self._held.shape[1])
            following = next(self._blocks, None)
            if following is None:
                following = np.zeros((2, _AREA + count), dtype=np.float32)
            self._held = np.concatenate([self._held[:, spent:], following], axis=1)
            self._first += spent
        at = start - self._first
        return self._held[:, at : at + count]
