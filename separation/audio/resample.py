"""Streaming conversion of the sample rate with an exact number of frames."""

from typing import Any

import numpy as np
import soxr

from separation.audio.blocks import FloatArray


def frames_at(rate_hz: int, source_frames: int, source_rate_hz: int) -> int:
    """Frames of the same sound at another rate: ceil, so that nothing at the end is lost."""
    return -(-source_frames * rate_hz // source_rate_hz)


class Resampler:
    """Converts blocks of (channels, n) float32 to another sample rate.

    Uses soxr's VHQ recipe (28-bit precision, linear phase, delay compensated). The caller
    concatenates the results of every ``write(block)`` and of the final ``finish()``; together they
    have exactly ``frames_at(target_rate_hz, frames written, source_rate_hz)`` frames.
    """

    def __init__(self, source_rate_hz: int, target_rate_hz: int, channels: int) -> None:
        self._source_rate_hz = source_rate_hz
        self._target_rate_hz = target_rate_hz
        self._channels = channels
        self._frames_in = 0
        self._frames_out = 0
        self._stream: Any = None
        if source_rate_hz != target_rate_hz:
            self._stream = soxr.ResampleStream(
                source_rate_hz, target_rate_hz, channels, dtype="float32", quality="VHQ"
            )

    def write(self, block: FloatArray) -> FloatArray:
        """Return the frames that are ready after ``block``; there may be none."""
        self._frames_in += block.shape[1]
        if self._stream is None:
            return block
        return self._counted(self._chunk(block, last=False))

    def finish(self) -> FloatArray:
        """Return the remaining frames, cut or padded with zeros to the exact length, as the filter
        may be off by one."""
        if self._stream is None:
            return np.zeros((self._channels, 0), dtype=np.float32)
        tail = self._chunk(np.zeros((self._channels, 0), dtype=np.float32), last=True)
        total = frames_at(self._target_rate_hz, self._frames_in, self._source_rate_hz)
        missing = total - self._frames_out
        exact = np.zeros((self._channels, missing), dtype=np.float32)
        kept = min(missing, tail.shape[1])
        exact[:, :kept] = tail[:, :kept]
        return self._counted(exact)

    def _chunk(self, block: FloatArray, *, last: bool) -> FloatArray:
        out = self._stream.resample_chunk(np.ascontiguousarray(block.T), last=last)
        return np.asarray(out, dtype=np.float32).reshape(-1, self._channels).T

    def _counted(self, block: FloatArray) -> FloatArray:
        """Count the frames of ``block`` for the exact total of :meth:`finish`."""
        self._frames_out += block.shape[1]
        return block
