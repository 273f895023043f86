"""Reduction of steady noise (hiss, hum of air, tape) in a sound, without any model.

In each bin of a short-time spectrum (Hann window of 2048 samples, hop 512):

- The noise estimate is the minimum of the smoothed power over 1.7 s around the frame, before and
  behind, times a bias that raises it to the mean of noise (minimum statistics: R. Martin, "Noise
  Power Spectral Density Estimation Based on Optimal Smoothing and Minimum Statistics", IEEE Trans.
  SAP 9, 2001; here with a constant smoothing and the bias measured for it). The minimum alone would
  take a longer tone for noise. The estimate is therefore limited to the median over the 690 Hz
  around the bin, where held tones occupy few of many bins.
- The gain is the Wiener gain ``xi / (1 + xi)``. The decision-directed approach (Y. Ephraim and
  D. Malah, "Speech enhancement using a minimum mean-square error short-time spectral amplitude
  estimator", IEEE Trans. ASSP 32, 1984, equation 51, weight 0.98) estimates ``xi``, the a priori
  signal-to-noise ratio. It keeps single bins from flickering ("musical noise").
- The gain never falls below a floor of ``-FULL_DB * strength``.

Both channels have one gain, computed from their mean power, so that the stereo image stays still.
The result is deterministic, and memory does not grow with the sound.
"""

from collections import deque

import numpy as np

from separation.audio.blocks import LONG_BLOCK_FRAMES, FloatArray
from separation.audio.hpss import HpssSource, Sink
from separation.audio.spectral_stream import OVERLAP, Grid, Spectra, SpectralOverlapAdd, spectra_of
from separation.progress import Report, ignore_progress

SIZE = 2048
FULL_DB = 24.0
"""Attenuation of noise at strength 1: beyond it, the remaining noise begins to flicker."""

_SEGMENT = 16
"""Frames per segment, 0.19 s: the time resolution of the minimum."""

_AROUND = 4
"""Segments on either side: 9 of them are 1.7 s, longer than syllables and most notes."""

_SMOOTHING = 0.85
"""Smoothing of the power in time. Martin's varies between 0.3 and 0.96 and is about 0.85 in steady
noise."""

_BIAS = 2.0
"""Factor from the minimum to the mean of white noise (measured; the test allows 1 dB)."""

_MEDIAN_BINS = 33
_DIRECTED = 0.98

SHORTEST_FRAMES = (2 * _AROUND + 1) * _SEGMENT * SIZE // OVERLAP
"""In a shorter sound the minimum covers the whole sound, and all of it would count as noise."""

_CAUTION = 1.5
"""Factor by which the noise estimate is raised: the power of noise in a bin scatters about its
mean, and half of it lies above."""

_TINY = 1e-30


def reduce_noise(
    source: HpssSource,
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
    joined = SpectralOverlapAdd(grid, channels, sink)
    gains = _Wiener(grid.bins, 10 ** (-FULL_DB * strength / 20))
    floor = _NoiseFloor(grid.bins)
    waiting: deque[Spectra] = deque()
    done = 0

    def write_oldest(noise: FloatArray) -> None:
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
            write_oldest(noise)
    while waiting:
        write_oldest(floor.after_last())


def _copy(source: HpssSource, sink: Sink, report: Report) -> None:
    for start in range(0, source.frames, LONG_BLOCK_FRAMES):
        count = min(LONG_BLOCK_FRAMES, source.frames - start)
        sink.write(source.read(start, count))
        report((start + count) / source.frames)


def _power(spectra: Spectra) -> FloatArray:
    """(frames, bins) float32, the mean over the channels."""
    power: FloatArray = (spectra.real**2 + spectra.imag**2).mean(axis=1)
    return power


class _NoiseFloor:
    """The power of noise in each bin, for segments of frames, ``_AROUND`` segments late."""

    def __init__(self, bins: int) -> None:
        self._smoothed: FloatArray | None = None
        self._bins = bins
        self._minima: deque[FloatArray] = deque(maxlen=2 * _AROUND + 1)
        self._seen = 0

    def after(self, power: FloatArray) -> FloatArray | None:
        """Take the power of the next segment; return the noise of the segment ``_AROUND`` before
        it, or ``None`` for the first ``_AROUND``."""
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

    def after_last(self) -> FloatArray:
        """Return the noise of the next of the last ``_AROUND`` segments; call it once for each."""
        if len(self._minima) > _AROUND + 1:
            self._minima.popleft()
        return self._noise()

    def _noise(self) -> FloatArray:
        # The import takes half a second, and only this stage needs it.
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
