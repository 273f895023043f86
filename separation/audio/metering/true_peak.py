"""True peak: the highest value between the samples, after ITU-R BS.1770-4, annex 2."""

import numpy as np

from separation.audio.blocks import FloatArray

_PHASE_0 = (
    0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000,
    -0.0594482421875, 0.1373291015625, 0.9721679687500, -0.1022949218750,
    0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500,
)  # fmt: skip
_PHASE_1 = (
    -0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250,
    -0.1665039062500, 0.4650878906250, 0.7797851562500, -0.2003173828125,
    0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375,
)  # fmt: skip
_PHASES = np.array([_PHASE_0, _PHASE_1, _PHASE_1[::-1], _PHASE_0[::-1]])
"""The recommendation's interpolating filter: four phases of twelve taps."""

OVERSAMPLING = 4
_TAPS = np.ascontiguousarray(_PHASES.T.reshape(-1), dtype=np.float32)
_CARRY = _PHASES.shape[1] - 1
_HIGHEST_GAIN = float(np.abs(_PHASES).sum(axis=1).max())
"""No value between samples exceeds the largest sample near it times this (about 2.0)."""

_CHUNK = 256
_SUB = 16
"""Samples whose values in between are one row of a matrix product."""


class TruePeakMeter:
    """Feed (channels, n) float32 blocks, then ask for :meth:`peak`.

    Only chunks whose samples could beat the peak so far are interpolated, loudest first; the
    others are proven unable to by ``_HIGHEST_GAIN``. The result is the same as without.
    """

    def __init__(self, channels: int) -> None:
        self._peak = 0.0
        self._tail = np.zeros((channels, _CARRY), dtype=np.float32)

    def write(self, block: FloatArray) -> None:
        joined = np.concatenate([self._tail, block], axis=1)
        self._tail = joined[:, joined.shape[1] - _CARRY :]
        for channel in joined:
            self._peak = _highest(channel, self._peak)

    def peak(self) -> float:
        """The linear true peak of all so far, with what rings when nothing follows."""
        silence = np.zeros_like(self._tail)
        after = np.concatenate([self._tail, silence], axis=1)
        return max(_highest(channel, self._peak) for channel in after)


def _highest(samples: FloatArray, peak: float) -> float:
    """``peak``, or what is higher among the values between ``samples``, float32 of shape (n,).

    The first ``_CARRY`` samples were the end of the block before.
    """
    whole = (len(samples) - _CARRY) // _CHUNK
    if whole:
        windows = np.lib.stride_tricks.sliding_window_view(samples, _CARRY + _CHUNK)
        peak = _highest_of_chunks(windows[: whole * _CHUNK : _CHUNK], peak)
    rest = samples[whole * _CHUNK :]
    return _highest_of_chunks(rest[None], peak) if len(rest) > _CARRY else peak


def _highest_of_chunks(windows: FloatArray, peak: float) -> float:
    """The same for windows of shape (chunks, _CARRY + n)."""
    bounds = np.maximum(windows.max(axis=1), -windows.min(axis=1)) * _HIGHEST_GAIN
    order = np.argsort(-bounds)
    # A few of the loudest first: they raise the peak that the rest must beat.
    for chosen in (order[:4], order[4:]):
        rivals = chosen[bounds[chosen] > peak]
        if len(rivals):
            dense = _interpolated(windows[rivals])
            peak = max(peak, float(dense.max()), float(-dense.min()))
    return peak


def _interpolated(windows: FloatArray) -> FloatArray:
    """The values between all samples but the first ``_CARRY`` of each window."""
    count = windows.shape[1] - _CARRY
    if count % _SUB:
        # Takes a second of processor time to import, which not every process needs.
        from scipy.signal import upfirdn

        dense = upfirdn(_TAPS, windows, up=OVERSAMPLING, axis=-1)
        inside: FloatArray = dense[:, _CARRY * OVERSAMPLING : windows.shape[1] * OVERSAMPLING]
        return inside
    rows = np.lib.stride_tricks.sliding_window_view(windows, _CARRY + _SUB, axis=1)[:, ::_SUB]
    # Window by window: as one large product BLAS would spread it over threads that wait for
    # each other longer than they compute.
    product: FloatArray = np.ascontiguousarray(rows) @ _FILTER
    return product


def _filter_matrix() -> FloatArray:
    """The filter for ``_SUB`` samples at once, shape (_CARRY + _SUB, OVERSAMPLING * _SUB): a
    matrix product takes an eighth of the time of scipy's upfirdn."""
    matrix = np.zeros((_CARRY + _SUB, _SUB, OVERSAMPLING), dtype=np.float32)
    for sample in range(_SUB):
        matrix[sample : sample + _CARRY + 1, sample] = _PHASES[:, ::-1].T
    return matrix.reshape(_CARRY + _SUB, -1)


_FILTER = _filter_matrix()
