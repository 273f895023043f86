"""Windows that overlap become one signal again, without keeping more than one window."""

import numpy as np

from separation.audio.blocks import FloatArray


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


class OverlapAdd:
    """Weighted average of windows that start every ``stride`` frames, given in order.

    float32 throughout, in the order of demucs.apply.apply_model, so that sums round alike.
    """

    def __init__(
        self, stems: int, channels: int, segment: int, stride: int, total: int, start: int = 0
    ) -> None:
        """``start``: where the first window that is given lies. What windows before it reach into
        comes out wrong, and is not to be used."""
        self._weight = triangle(segment)
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
