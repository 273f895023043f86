"""Less steady noise (hiss, hum of air, tape) in a sound, without any model.

In each bin of a short-time spectrum (Hann window of 2048 samples, hop 512):

- The noise is what never falls away: the minimum of the smoothed power over 1.7 s around the
  frame, before and behind, raised to the mean of noise (minimum statistics: R. Martin, "Noise
  Power Spectral Density Estimation Based on Optimal Smoothing and Minimum Statistics", IEEE Trans.
  SAP 9, 2001; here with a constant smoothing, and the bias as it was measured for it). A tone that
  is held for longer would be taken for noise by that alone, so that the estimate is never above
  the median over the 690 Hz around the bin, where held tones are few among many bins.
- The gain is Wiener's, ``xi / (1 + xi)``, of the a priori signal-to-noise ratio ``xi`` estimated
  by the decision-directed approach (Y. Ephraim and D. Malah, "Speech enhancement using a minimum
  mean-square error short-time spectral amplitude estimator", IEEE Trans. ASSP 32, 1984, equation
  51, weight 0.98), which keeps single bins from flickering ("musical noise").
- It never falls below a floor of ``-FULL_DB * strength``.

Both channels have one gain, of their mean power, so that nothing moves in the stereo picture.
There is no chance in it, and memory does not grow with the sound.
"""

from collections import deque

import numpy as np

from separation.audio.blocks import LONG_BLOCK_FRAMES, FloatArray
from separation.audio.hpss import Sink, Source
from separation.audio.spectral_stream import OVERLAP, Grid, OverlapAdd, Spectra, spectra_of
from separation.progress import Report, ignore_progress

SIZE = 2048
FULL_DB = 24.0
"""How far noise goes down at strength 1: further down, what is left of it begins to flicker."""

_SEGMENT = 16
"""Frames, 0.19 s: the grain of the minimum."""

_AROUND = 4
"""Segments on either side: 9 of them are 1.7 s, longer than syllables and most notes."""

_SMOOTHING = 0.85
"""Of the power in time; Martin's lies between 0.3 and 0.96 and is about this in steady noise."""

_BIAS = 2.0
"""From that minimum to the mean of white noise, as measured; the test allows 1 dB."""

_MEDIAN_BINS = 33
_DIRECTED = 0.98

SHORTEST_FRAMES = (2 * _AROUND + 1) * _SEGMENT * SIZE // OVERLAP
"""In a shorter sound nothing can fall away, so that all of it would be taken for noise."""

_CAUTION = 1.5
"""Noise is taken for so many times stronger than estimated: its power in a bin scatters about the
mean, and half of it lies above."""

_TINY = 1e-30


def reduce_noise(
    source: Source,
    sink: Sink,
    *,
    strength: float,
    channels: int,
    report: Report = ignore_progress,
) -> None:
    """Write ``source`` with less noise, in exactly as many frames.

    ``strength``: 0 (nothing is changed, to the bit) to 1. A source shorter than ``SHORTEST_FRAMES``
    is not changed either. Raises what ``report`` raises.
    """
    if strength == 0.0 or source.frames < SHORTEST_FRAMES:
        _copy(source, sink, report)
        return
    grid = Grid(SIZE, source.frames)
    joined = OverlapAdd(grid, channels, sink)
    gains = _Wiener(grid.bins, 10 ** (-FULL_DB * strength / 20))
    floor = _NoiseFloor(grid.bins)
    waiting: deque[Spectra] = deque()
    done = 0

    def pass_on(noise: FloatArray) -> None:
        nonlocal done
        spectra = waiting.popleft()
        joined.write(spectra * gains.of(_power(spectra), noise)[:, None, :])
        done += len(spectra) * grid.hop
        report(min(1.0, done / max(grid.total, 1)))

    for first, frames in grid.blocks(_SEGMENT):
        start, length = grid.samples(first, frames)
        spectra = spectra_of(source.read(start, length), grid)
        waiting.append(spectra)
        noise = floor.after(_power(spectra))
        if noise is not None:
            pass_on(noise)
    while waiting:
        pass_on(floor.at_the_end())


def _copy(source: Source, sink: Sink, report: Report) -> None:
    for start in range(0, source.frames, LONG_BLOCK_FRAMES):
        count = min(LONG_BLOCK_FRAMES, source.frames - start)
        sink.write(source.read(start, count))
        report((start + count) / source.frames)


def _power(spectra: Spectra) -> FloatArray:
    """(frames, bins) float32, the mean over the channels."""
    power: FloatArray = (spectra.real**2 + spectra.imag**2).mean(axis=1)
    return power


class _NoiseFloor:
    """The power of noise in each bin, for segments of frames, told ``_AROUND`` segments late."""

    def __init__(self, bins: int) -> None:
        self._smoothed: FloatArray | None = None
        self._bins = bins
        self._minima: deque[FloatArray] = deque(maxlen=2 * _AROUND + 1)
        self._seen = 0

    def after(self, power: FloatArray) -> FloatArray | None:
        """Takes the next segment; the noise of the one ``_AROUND`` before it, once it is there."""
        lowest = np.full(self._bins, np.inf, dtype=np.float32)
        for row in power:
            if self._smoothed is None:
                self._smoothed = row.copy()
            else:
                self._smoothed += np.float32(1 - _SMOOTHING) * (row - self._smoothed)
            np.minimum(lowest, self._smoothed, out=lowest)
        self._minima.append(lowest)
        self._seen += 1
        return self._noise() if self._seen > _AROUND else None

    def at_the_end(self) -> FloatArray:
        """The noise of each of the segments that are still waited for, after the last."""
        if len(self._minima) > _AROUND + 1:
            self._minima.popleft()
        return self._noise()

    def _noise(self) -> FloatArray:
        # Takes half a second to import, which only this stage needs.
        from scipy.ndimage import median_filter

        lowest = np.minimum.reduce(list(self._minima))
        around = median_filter(lowest, size=_MEDIAN_BINS, mode="nearest")
        noise: FloatArray = np.float32(_BIAS) * np.minimum(lowest, around)
        return noise


class _Wiener:
    """Gains for frame after frame; ``lowest``: the floor, linear."""

    def __init__(self, bins: int, lowest: float) -> None:
        self._lowest = np.float32(lowest)
        self._before = np.zeros(bins, dtype=np.float32)

    def of(self, power: FloatArray, noise: FloatArray) -> FloatArray:
        """(frames, bins) float32, ``lowest`` to 1."""
        expected = np.maximum(np.float32(_CAUTION) * noise, np.float32(_TINY))
        gains = np.empty_like(power)
        for frame, row in enumerate(power):
            now = row / expected
            ratio = _DIRECTED * self._before / expected + (1 - _DIRECTED) * np.maximum(now - 1, 0)
            gain = ratio / (1 + ratio)
            self._before = gain * gain * row
            gains[frame] = np.maximum(gain, self._lowest)
        return gains
