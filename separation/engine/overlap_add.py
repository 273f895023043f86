"""Joins overlapping windows into one signal, without keeping more than one window."""

from collections.abc import Callable

import numpy as np

from separation.audio.blocks import FloatArray

FADE_SHARE = 10
FADE_FLOOR = np.float32(1e-6)
"""Negligible beside the weight 1 of another window, and keeps the divisor above 0."""

WindowWeight = Callable[[int], FloatArray]


def triangle(frames: int) -> FloatArray:
    """Weights over a window that rise to 1 in the middle and fall, never 0 (demucs/apply.py).

    For an even length the two middle frames are both 1; for an odd one the second half is longer.
    """
    half = frames // 2
    up = np.arange(1, half + 1, dtype=np.float32)
    down = np.arange(frames - half, 0, -1, dtype=np.float32)
    shape: FloatArray = np.concatenate([up, down])
    shape /= shape.max()
    return shape


def trapezium(frames: int) -> FloatArray:
    """Weights over a window: 1, with a linear fade over a tenth of the window at each end.

    The trainers of RoFormers and similar networks evaluate with these weights (``demix`` in
    utils/model_utils.py of ZFTurbo/Music-Source-Separation-Training). Their outermost weight is 0,
    so that frames that no other window reaches are 0 divided by 0; here it is ``FADE_FLOOR``.
    """
    fade = frames // FADE_SHARE
    shape = np.ones(frames, dtype=np.float32)
    shape[:fade] = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    shape[frames - fade :] = np.linspace(1.0, 0.0, fade, dtype=np.float32)
    floored: FloatArray = np.maximum(shape, FADE_FLOOR)
    return floored


class OverlapAdd:
    """Weighted average of windows that start every ``stride`` frames and arrive in order.

    Computes in float32 and in the order of demucs.apply.apply_model, so that sums round alike.
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
        """``start``: the frame at which the first window given begins. Frames that earlier windows
        would also cover come out wrong; do not use them. ``weight``: returns the weight of each
        frame, above 0, for the length of a window."""
        self._weight = weight(segment)
        self._stride = stride
        self._total = total
        self._start = start
        self._sum = np.zeros((stems, channels, segment), dtype=np.float32)
        self._weight_sum = np.zeros(segment, dtype=np.float32)

    def add(self, window: FloatArray) -> FloatArray:
        """Add the next window (stems, channels, n) and return the frames that it finishes.

        The next window starts ``stride`` frames later, so the frames before it are final. The last
        window finishes all frames.
        """
        n = window.shape[-1]
        self._sum[..., :n] += self._weight[:n] * window
        self._weight_sum[:n] += self._weight[:n]
        last = self._start + self._stride >= self._total
        done = self._total - self._start if last else self._stride
        out = self._sum[..., :done] / self._weight_sum[:done]
        self._shift(done)
        self._start += done
        return out

    def _shift(self, done: int) -> None:
        for array in (self._sum, self._weight_sum):
            keep = array.shape[-1] - done
            # The slices overlap; numpy then copies through a temporary.
            array[..., :keep] = array[..., done:]
            array[..., keep:] = 0.0
