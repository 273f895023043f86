"""Clipped samples: runs in which a signal stays at its highest magnitude."""

import numpy as np

from separation.audio.blocks import FloatArray

_RUN = 3
"""Least samples in a row. Two equal ones also occur in sound that was rounded to 16 bits."""

_ALIKE = 1e-6
"""Greatest relative difference of samples that were clipped at one level: a few roundings of
float32. At the top of a 40 Hz tone of full scale, neighbouring samples differ by more."""


class FlatTopMeter:
    """Counts samples in flat tops at the highest magnitude of the whole signal. This magnitude may
    be any level: a stem that was clipped and then attenuated is still clipped."""

    def __init__(self) -> None:
        self._top = 0.0
        self._samples = 0
        self.count = 0
        """Clipped samples so far, over both channels."""

    def write(self, block: FloatArray) -> None:
        """Count in the next samples, float32 (2, n)."""
        if not block.size:
            return
        self._samples += block.size
        top = max(float(block.max()), float(-block.min()))
        if top > self._top * (1 + _ALIKE):
            self._top, self.count = top, 0
        if self._top > 0 and top >= self._top * (1 - _ALIKE):
            self.count += _in_runs(np.abs(block) >= np.float32(self._top * (1 - _ALIKE)))

    @property
    def share(self) -> float:
        """Share of clipped samples, 0 to 1."""
        return self.count / self._samples if self._samples else 0.0


def _in_runs(at_top: np.ndarray) -> int:
    """Return the number of samples in runs of at least ``_RUN``, along the last axis."""
    if np.count_nonzero(at_top) < _RUN or at_top.shape[1] < _RUN:
        return 0
    starts = at_top[:, :-2] & at_top[:, 1:-1] & at_top[:, 2:]
    inside = np.zeros_like(at_top)
    for shift in range(_RUN):
        inside[:, shift : shift + starts.shape[1]] |= starts
    return int(np.count_nonzero(inside))
