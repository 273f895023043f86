"""Levels of a track, measured block by block.

Loudness follows Recommendation ITU-R BS.1770-4, annex 1 (the gating of EBU R 128), true peak its
annex 2. Memory grows by 8 bytes for every 100 ms of sound: 3 MB for ten hours.
"""

import math
from array import array

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from separation.audio.blocks import FloatArray
from separation.audio.metering.true_peak import TruePeakMeter

_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_LOUDNESS_OFFSET = -0.691
"""BS.1770-4, annex 1, equation (2): cancels the gain of the K filter at 997 Hz."""

_STEPS_PER_S = 10
_STEPS_PER_BLOCK = 4
"""Gating blocks of 400 ms that overlap by 75 %: four steps of 100 ms each."""


class Levels(BaseModel):
    """``None`` means minus infinity, or the loudness of less than 400 ms of sound."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames: int
    peak_dbfs: float | None
    rms_dbfs: float | None
    true_peak_dbtp: float | None
    loudness_lufs: float | None


class LevelMeter:
    """Measures (channels, n) float32 blocks: call :meth:`write` for each, then :meth:`levels`.

    At most two channels are allowed. Both have the same weight, as BS.1770 defines for left and
    right. ``rms`` is computed over all samples of all channels.
    """

    def __init__(self, sample_rate_hz: int, channels: int = 2, *, loudness: bool = True) -> None:
        if channels not in (1, 2):
            raise ValueError(f"levels are measured of one or two channels, not of {channels}")
        self._frames = 0
        self._channels = channels
        self._peak = 0.0
        self._squares = 0.0
        self._true_peak = TruePeakMeter(channels)
        self._gated = _GatedLoudness(sample_rate_hz) if loudness else None

    def write(self, block: FloatArray) -> None:
        """Measure the next frames; the block is not modified."""
        if not block.shape[1]:
            return
        self._frames += block.shape[1]
        self._peak = max(self._peak, float(block.max()), float(-block.min()))
        self._squares += float(np.einsum("cn,cn->", block, block, dtype=np.float64))
        self._true_peak.write(block)
        if self._gated is not None:
            self._gated.write(block)

    def levels(self) -> Levels:
        """Return the levels of all blocks so far; more blocks may follow."""
        samples = max(self._frames * self._channels, 1)
        return Levels(
            frames=self._frames,
            peak_dbfs=_decibels(self._peak),
            rms_dbfs=_decibels(math.sqrt(self._squares / samples)),
            true_peak_dbtp=_decibels(max(self._peak, self._true_peak.peak())),
            loudness_lufs=self._gated.loudness() if self._gated is not None else None,
        )


def _decibels(amplitude: float) -> float | None:
    return 20.0 * math.log10(amplitude) if amplitude > 0.0 else None


def k_weighting(sample_rate_hz: int) -> NDArray[np.float64]:
    """Return the two biquads of BS.1770-4, annex 1, tables 1 and 2, for any rate; shape (2, 6).

    The tables apply to 48 kHz. The parameters of the analogue filters behind them (centre
    frequencies, gain and quality) are those of De Man, "Evaluation of implementations of the EBU
    R128 loudness measurement", AES convention 145 (2018).
    """
    shelf_k = math.tan(math.pi * 1681.974450955533 / sample_rate_hz)
    shelf_q = 0.7071752369554196
    high = 10.0 ** (3.999843853973347 / 20.0)
    band = high**0.4996667741545416
    norm = 1.0 + shelf_k / shelf_q + shelf_k**2
    shelf = (
        (high + band * shelf_k / shelf_q + shelf_k**2) / norm,
        2.0 * (shelf_k**2 - high) / norm,
        (high - band * shelf_k / shelf_q + shelf_k**2) / norm,
        1.0,
        2.0 * (shelf_k**2 - 1.0) / norm,
        (1.0 - shelf_k / shelf_q + shelf_k**2) / norm,
    )
    pass_k = math.tan(math.pi * 38.13547087602444 / sample_rate_hz)
    pass_q = 0.5003270373238773
    norm = 1.0 + pass_k / pass_q + pass_k**2
    high_pass = (
        1.0,
        -2.0,
        1.0,
        1.0,
        2.0 * (pass_k**2 - 1.0) / norm,
        (1.0 - pass_k / pass_q + pass_k**2) / norm,
    )
    return np.array([shelf, high_pass])


class _GatedLoudness:
    """K-weighted power in steps of 100 ms, gated at the end.

    The filter processes two channels as one complex signal, which is possible as its coefficients
    are real. Each step of the recursion waits for the one before it, and now computes two channels
    in that time.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._sections = k_weighting(sample_rate_hz)
        self._state = np.zeros((2, 2), dtype=np.complex128)
        self._step_frames = round(sample_rate_hz / _STEPS_PER_S)
        self._pending = np.zeros(0)
        self._step_powers = array("d")

    def write(self, block: FloatArray) -> None:
        # The import takes a second of processor time, and not every process needs it.
        from scipy.signal import sosfilt

        signal = block[0].astype(np.complex128)
        if len(block) > 1:
            signal.imag = block[1]
        weighted, self._state = sosfilt(self._sections, signal, zi=self._state)
        parts = weighted.view(np.float64).reshape(-1, 2)
        power = np.concatenate([self._pending, np.einsum("nc,nc->n", parts, parts)])
        whole = len(power) // self._step_frames * self._step_frames
        steps = power[:whole].reshape(-1, self._step_frames).mean(axis=1)
        self._step_powers.extend(steps.tolist())
        self._pending = power[whole:]

    def loudness(self) -> float | None:
        steps = np.frombuffer(self._step_powers, dtype=np.float64)
        if len(steps) < _STEPS_PER_BLOCK:
            return None
        blocks = np.convolve(steps, np.full(_STEPS_PER_BLOCK, 1 / _STEPS_PER_BLOCK), mode="valid")
        audible = blocks[blocks > _power(_ABSOLUTE_GATE_LUFS)]
        if not len(audible):
            return None
        threshold = _loudness(float(audible.mean())) + _RELATIVE_GATE_LU
        return _loudness(float(audible[audible > _power(threshold)].mean()))


def _loudness(power: float) -> float:
    return _LOUDNESS_OFFSET + 10.0 * math.log10(power)


def _power(loudness_lufs: float) -> float:
    return float(10.0 ** ((loudness_lufs - _LOUDNESS_OFFSET) / 10.0))
