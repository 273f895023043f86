"""Windows that overlap become one signal again, without keeping more than one window."""

from collections.abc import Callable

import numpy as np

from separation.audio.blocks import FloatArray

FADE_SHARE = 10
FADE_FLOOR = np.float32(1e-6)
"""Counts for nothing beside the weight 1 of another window, and leaves something to divide by."""

WindowWeight = Callable[[int], FloatArray]


def triangle(frames: int) -> FloatArray:
    """Weights over a window: rising to 1 in the middle and falling, never 0 (demucs/apply.py).

    For an even length the two middle frames are both 1; for an odd one the second half is longer.
    """
    half = frames // 2
    up = np.arange(1, half + 1, dtype=np.float32)
    down = np.arange(frames - half, 0, -1, dtype=np.float32)
    shape: FloatArray = np.concatenate([up, down])
    shape /= shape.max()
    return shape


def trapezium(frames: int) -> FloatArray:
    """Weights over a window: 1, but for a linear fade over a tenth of the window at each end.

    What the trainers of RoFormers and their like evaluate with (``demix`` in utils/model_utils.py
    of ZFTurbo/Music-Source-Separation-Training). There the outermost weight is 0, and frames that
    no other window reaches come out as 0 by 0; here it is ``FADE_FLOOR``.
    """
    fade = frames // FADE_SHARE
    shape = np.ones(frames, dtype=np.float32)
    shape[:fade] = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    shape[frames - fade :] = np.linspace(1.0, 0.0, fade, dtype=np.float32)
    floored: FloatArray = np.maximum(shape, FADE_FLOOR)
    return floored


class OverlapAdd:
    """Weighted average of windows that start every ``stride`` frames, given in order.

    float32 throughout, in the order of demucs.apply.apply_model, so that sums round alike.
    """

    def __init__(
        self,
        stems: int,
        channels: int,
        segment: int,
        stride: int,
        total: int,
        start: int = 0,
        weight: WindowWeight = triangle,
    ) -> None:
        """``start``: where the first window that is given lies. What windows before it reach into
        comes out wrong, and is not to be used. ``weight``: from the length of a window to the
        weight of each frame in it, above 0."""
        self._weight = weight(segment)
        self._stride = stride
        self._total = total
        self._start = start
        self._sum = np.zeros((stems, channels, segment), dtype=np.float32)
        self._weight_sum = np.zeros(segment, dtype=np.float32)

    def add(self, window: FloatArray) -> FloatArray:
        """Take the next window (stems, channels, n) and give the frames it finishes.

        A window after this one starts ``stride`` later, so what lies before that is final; the
        last window finishes everything.
        """
        n = window.shape[-1]
        self._sum[..., :n] += self._weight[:n] * window
        self._weight_sum[:n] += self._weight[:n]
        last = self._start + self._stride >= self._total
        done = self._total - self._start if last else self._stride
        out = self._sum[..., :done] / self._weight_sum[:done]
        self._forget(done)
        self._start += done
        return out

    def _forget(self, done: int) -> None:
        for array in (self._sum, self._weight_sum):
            keep = array.shape[-1] - done
            # Overlapping slices: numpy copies through a temporary where it must.
            array[..., :keep] = array[..., done:]
            array[..., keep:] = 0.0
