"""Sliding median of many parallel signals by sorting networks, a few array operations a sample.

Neighbouring windows share most of their samples. The algorithm takes a group of G neighbouring
outputs. It sorts the samples that all windows of the group share once and keeps the G middle
values: only these can be the median of one of the windows. Then it halves the group: each half
adds the G/2 samples that only its own windows have and keeps the G/2 middle values, until one
value is left. Every comparison is a minimum and a maximum of whole rows, so the processor's vector
units compute it. Sharing sorted parts between
neighbouring windows is the idea of Adams, "Fast Median Filters using Separable Sorting Networks"
(ACM Transactions on Graphics 40(4), 2021); the sort is Batcher's (Knuth, "The Art of Computer
Programming", vol. 3, 5.2.2, algorithm M).
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

TILE_ELEMENTS = 16_384
"""Values per array operation: enough to hide the cost of a call, and few enough that all rows in
use stay in the second-level cache. 2 048 is four times slower, 65 536 no faster (measured)."""


def sliding_median(values: Floats, kernel: int) -> Floats:
    """Median over windows of ``kernel`` along axis 0, without padding.

    ``values``: (rows, lanes), rows >= kernel, not modified. ``kernel``: odd, >= 1. Returns
    (rows - kernel + 1, lanes) of the same dtype; row i is the median of rows i to i + kernel - 1.
    The values are exactly those of a sort; NaN spreads to every window that holds one.

    Raises ``ValueError`` for an even kernel or too few rows.
    """
    rows, lanes = values.shape
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError(f"the kernel must be odd and at least 1, not {kernel}")
    if rows < kernel:
        raise ValueError(f"a median over {kernel} rows needs as many, not {rows}")
    outputs = rows - kernel + 1
    if kernel == 1:
        return values.copy()
    group = 1 << (((kernel + 1) // 2).bit_length() - 1)
    result = np.empty((outputs, lanes), dtype=values.dtype)
    lane_step = min(lanes, TILE_ELEMENTS)
    row_step = group * max(1, TILE_ELEMENTS // lane_step)
    for row in range(0, outputs, row_step):
        for lane in range(0, lanes, lane_step):
            out = result[row : row + row_step, lane : lane + lane_step]
            part = values[row : row + row_step + kernel - 1, lane : lane + lane_step]
            _median_tile(part, out, kernel, group)
    return result


def reflected(start: int, stop: int, length: int) -> NDArray[np.intp]:
    """Indices ``start`` to ``stop`` of a signal that is mirrored at both ends, the edge sample
    twice: the ``reflect`` mode of scipy.ndimage (d c b a | a b c d | d c b a), at any distance.
    """
    wrapped = np.arange(start, stop) % (2 * length)
    return np.minimum(wrapped, 2 * length - 1 - wrapped)


def _median_tile(values: Floats, out: Floats, kernel: int, group: int) -> None:
    groups = -(-len(out) // group)
    missing = groups * group + kernel - 1 - len(values)
    if missing > 0:
        values = np.concatenate([values, np.repeat(values[-1:], missing, axis=0)])

    def row(index: int) -> Floats:
        return values[index::group][:groups]

    def descend(kept: list[Floats], first: int, size: int) -> None:
        """``kept``: the ``size`` middle values shared by the windows of outputs ``first``..."""
        if size == 1:
            target = out[first::group]
            target[:] = kept[0][: len(target)]
            return
        half = size // 2
        left = _sort([row(i) for i in range(first + half - 1, first + size - 1)])
        descend(_middle(kept, left), first, half)
        right = _sort([row(i) for i in range(first + kernel, first + kernel + half)])
        descend(_middle(kept, right), first + half, half)

    shared = _sort([row(i) for i in range(group - 1, kernel)])
    lowest = (kernel + 1) // 2 - group
    descend(shared[lowest : lowest + group], 0, group)


def _middle(kept: list[Floats], added: list[Floats]) -> list[Floats]:
    """The middle n of 2n ascending ``kept`` and n ascending ``added``, ascending.

    A minimum against the reversed other half and a maximum across the halves select them as a
    bitonic sequence (Batcher's half-cleaner, twice); log2 n rounds sort this sequence.
    """
    half = len(added)
    rows = [np.minimum(kept[half + i], added[half - 1 - i]) for i in range(half)]
    for i in range(half):
        np.maximum(rows[i], kept[i], out=rows[i])
    step = half // 2
    while step:
        for i in range(half):
            if not i & step:
                rows[i], rows[i + step] = _ordered(rows[i], rows[i + step])
        step //= 2
    return rows


def _ordered(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    return np.minimum(low, high), np.maximum(low, high)


def _sort(rows: Sequence[Floats]) -> list[Floats]:
    ordered = list(rows)
    for i, j in _network(len(ordered)):
        ordered[i], ordered[j] = _ordered(ordered[i], ordered[j])
    return ordered


@cache
def _network(count: int) -> tuple[tuple[int, int], ...]:
    """Batcher's merge exchange for any count: pairs to put in order, first to last."""
    pairs: list[tuple[int, int]] = []
    top = 1 << max(count - 1, 0).bit_length() >> 1
    p = top
    while p > 0:
        q, r, d = top, 0, p
        while True:
            pairs += [(i, i + d) for i in range(count - d) if i & p == r]
            if q == p:
                break
            d, q, r = q - p, q // 2, p
        p //= 2
    return tuple(pairs)
