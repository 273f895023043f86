"""True peak: the highest value between the samples, by ITU-R BS.1770-4, annex 2."""

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
"""Bound: no value between samples exceeds the largest sample near it times this (about 2.0)."""

_CHUNK = 256
_SUB = 16
"""Number of samples whose interpolated values are one row of a matrix product."""


class TruePeakMeter:
    """Measures (channels, n) float32 blocks: call :meth:`write` for each, then :meth:`peak`.

    Only chunks that could exceed the peak so far are interpolated, the loudest first.
    ``_HIGHEST_GAIN`` proves that the other chunks cannot exceed it, so the result is exact.
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
        """Return the linear true peak of all blocks so far, with the filter's ringing at the end
        included."""
        silence = np.zeros_like(self._tail)
        after = np.concatenate([self._tail, silence], axis=1)
        return max(_highest(channel, self._peak) for channel in after)


def _highest(samples: FloatArray, peak: float) -> float:
    """Return the highest of ``peak`` and the values between ``samples``, float32 of shape (n,).

    The first ``_CARRY`` samples are the end of the block before.
    """
    whole = (len(samples) - _CARRY) // _CHUNK
    if whole:
        windows = np.lib.stride_tricks.sliding_window_view(samples, _CARRY + _CHUNK)
        peak = _highest_of_chunks(windows[: whole * _CHUNK : _CHUNK], peak)
    tail = samples[whole * _CHUNK :]
    return _highest_of_chunks(tail[None], peak) if len(tail) > _CARRY else peak


def _highest_of_chunks(windows: FloatArray, peak: float) -> float:
    """The same for windows of shape (chunks, _CARRY + n)."""
    bounds = np.maximum(windows.max(axis=1), -windows.min(axis=1)) * _HIGHEST_GAIN
    order = np.argsort(-bounds)
    # The four loudest come first: they raise the peak that the others must exceed.
    for chosen in (order[:4], order[4:]):
        candidates = chosen[bounds[chosen] > peak]
        if len(candidates):
            dense = _interpolated(windows[candidates])
            peak = max(peak, float(dense.max()), float(-dense.min()))
    return peak


def _interpolated(windows: FloatArray) -> FloatArray:
    """Return the values between all samples except the first ``_CARRY`` of each window."""
    count = windows.shape[1] - _CARRY
    if count % _SUB:
        # The import takes a second of processor time, and not every process needs it.
        from scipy.signal import upfirdn

        dense = upfirdn(_TAPS, windows, up=OVERSAMPLING, axis=-1)
        inside: FloatArray = dense[:, _CARRY * OVERSAMPLING : windows.shape[1] * OVERSAMPLING]
        return inside
    rows = np.lib.stride_tricks.sliding_window_view(windows, _CARRY + _SUB, axis=1)[:, ::_SUB]
    # One product per window: BLAS would distribute one large product over threads, which would
    # wait for each other longer than they compute.
    product: FloatArray = np.ascontiguousarray(rows) @ _FILTER
    return product


def _filter_matrix() -> FloatArray:
    """Return the filter for ``_SUB`` samples at once, shape (_CARRY + _SUB, OVERSAMPLING * _SUB).
    A matrix product takes an eighth of the time of scipy's upfirdn."""
    matrix = np.zeros((_CARRY + _SUB, _SUB, OVERSAMPLING), dtype=np.float32)
    for sample in range(_SUB):
        matrix[sample : sample + _CARRY + 1, sample] = _PHASES[:, ::-1].T
    return matrix.reshape(_CARRY + _SUB, -1)


_FILTER = _filter_matrix()
