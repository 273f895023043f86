"""The interface of every encoder of delivered files."""

from abc import abstractmethod

import numpy as np

from separation.audio.blocks import FloatArray
from separation.errors import OutputInvalid
from separation.system.closeable import Closing

_CLIP_TOLERANCE = 1e-6
"""Float rounding may exceed full scale by this much. A larger excess is an error of the caller,
which did not apply the gain."""


class Encoder(Closing):
    """Appends (2, n) float32 blocks to one delivered file; a context manager.

    Samples must lie within full scale 1.0, except for ``wav32f``, which has no ceiling.
    """

    may_exceed_full_scale = False

    def write(self, block: FloatArray) -> None:
        """Append one block; raises ``OutputInvalid`` (not finite, clipping) or ``DiskFull``."""
        if not block.shape[1]:
            return
        peak = float(max(block.max(), -block.min()))
        if not np.isfinite(peak):
            raise OutputInvalid("A track contains samples that are not numbers.")
        if not self.may_exceed_full_scale and peak > 1.0:
            if peak > 1.0 + _CLIP_TOLERANCE:
                raise OutputInvalid(f"A track exceeds full scale (peak {peak:.4f}) and would clip.")
            block = np.clip(block, -1.0, 1.0)
        self._write(block)

    @abstractmethod
    def _write(self, block: FloatArray) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


def in_steps(data: FloatArray, bits: int) -> FloatArray:
    """Round samples of full scale 1.0 to the nearest integer step; +1.0 becomes the highest."""
    full_scale = 2 ** (bits - 1)
    steps: FloatArray = data * np.float32(full_scale)
    np.rint(steps, out=steps)
    return np.minimum(steps, np.float32(full_scale - 1), out=steps)
