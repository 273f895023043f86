"""Running medians that are fast enough for whole spectrograms.

The remedian of Rousseeuw and Bassett, "The Remedian: A Robust Averaging Method for Large Data
Sets" (JASA 85, 1990): the median of five medians of five replaces the median of 25. It needs only
comparisons of whole arrays, and the difference does not matter for a mask.

This does not duplicate :mod:`separation.audio.median`: the values are an estimate, strides leave
gaps between the neighbours, and the coefficients of the masks were fitted to exactly these values.
The exact median is no slower but gives other cues, so that it would need newly fitted
coefficients.
"""

from collections.abc import Sequence

import numpy as np

from separation.audio.blocks import FloatArray


def median_of_three(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
    low, high = np.minimum(a, b), np.maximum(a, b)
    return np.maximum(low, np.minimum(high, c))


def median_of_five(
    a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray, e: FloatArray
) -> FloatArray:
    """The median of each element: the smallest and the largest of two pairs cannot be the
    median."""
    low = np.maximum(np.minimum(a, b), np.minimum(c, d))
    high = np.minimum(np.maximum(a, b), np.maximum(c, d))
    return median_of_three(low, high, e)


def running_remedian(values: FloatArray, axis: int, strides: Sequence[int]) -> FloatArray:
    """Running remedian along ``axis``; same shape as ``values``, edges repeated.

    Each stride is one level of medians, of five values that are ``stride`` places apart: (1, 5)
    covers 25 neighbours, (1, 9) uses 25 of 41.
    """
    count = values.shape[axis]
    for stride in strides:
        around = [(0, 0)] * values.ndim
        around[axis] = (2 * stride, 2 * stride)
        padded = np.moveaxis(np.pad(values, around, mode="edge"), axis, 0)
        five = [padded[k * stride : k * stride + count] for k in range(5)]
        values = np.moveaxis(median_of_five(*five), 0, axis)
    return values
