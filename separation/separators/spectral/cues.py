"""Computes the cues that distinguish drums, bass, voice and the rest in one window of a song.

Every cue is an array (frames, bins), or (frames, 1) where it describes a whole frame. Its values
are between -1 and 1 and do not depend on the level of the song. ``power`` is summed over both
channels.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from separation.audio.blocks import FloatArray
from separation.separators.spectral.medians import (
    median_of_five,
    median_of_three,
    running_remedian,
)
from separation.separators.spectral.transform import BINS, HOP, ComplexArray, spectrogram

TINY = np.float32(1e-10)
"""Below any sound in a 24-bit file; avoids the logarithm of 0 and a division by 0 in silence."""

LONG_WINDOW, SHORT_WINDOW = 16_384, 1_024
SIMILAR_FRAMES = 15
NEAREST_SIMILAR_FRAMES = 22
"""Half a second: closer frames are alike without any repetition."""

LOW_BINS = slice(3, 14)
"""32 to 150 Hz, where a kick drum sounds."""
CLICK_BIN = 186
"""2 kHz; the click of a stroke lies above it."""

Step = Callable[[], None]


def channel_power(spectra: ComplexArray) -> FloatArray:
    """(frames, bins), summed over the channels."""
    power: FloatArray = (spectra.real**2 + spectra.imag**2).sum(axis=0)
    return power


def _smoothed(power: FloatArray, size: int, axis: int) -> FloatArray:
    """Running mean of values that are never below 0. The filter keeps a running sum, in which loud
    values leave a rounding error; in digital silence only this error of either sign would be left.
    """
    smoothed: FloatArray = np.maximum(uniform_filter1d(power, size, axis=axis), 0)
    return smoothed


def _contrast(first: FloatArray, second: FloatArray) -> FloatArray:
    contrast: FloatArray = (first - second) / (first + second + np.float32(1e-20))
    return contrast


def _harmonicity(power: FloatArray, bin_strides: tuple[int, int]) -> FloatArray:
    """1 for a steady line along time, -1 for a line along frequency.

    Fitzgerald, "Harmonic/percussive separation using median filtering" (DAFx 2010).
    """
    along_time = running_remedian(power, 0, (1, 5))
    return _contrast(along_time, running_remedian(power, 1, bin_strides))


def _long_harmonicity(samples: FloatArray, frames: int) -> FloatArray:
    """Harmonicity at 370 ms. A voice varies too much to be harmonic at this length; an instrument
    does not.

    Driedger, Mueller and Disch, "Extending harmonic-percussive separation of audio signals"
    (ISMIR 2014) and Tachibana, Ono and Sagayama, "Singing voice enhancement in monaural music
    signals based on two-stage harmonic/percussive sound separation" (IEEE TASLP 22, 2014).
    """
    power = channel_power(spectrogram(samples, LONG_WINDOW, 2 * HOP))
    cue = running_contrast_in_groups(power, LONG_WINDOW // 2 // BINS)
    before = np.minimum(np.arange(frames) // 2, len(cue) - 1)
    after = np.minimum((np.arange(frames) + 1) // 2, len(cue) - 1)
    between: FloatArray = 0.5 * (cue[before] + cue[after])
    return between


def running_contrast_in_groups(power: FloatArray, group: int) -> FloatArray:
    """Harmonicity of fine bins, averaged over groups of ``group`` bins with their power as
    weight."""
    cue = _harmonicity(power, (1, 12))[:, : BINS * group].reshape(-1, BINS, group)
    weight = power[:, : BINS * group].reshape(-1, BINS, group) + TINY
    grouped: FloatArray = (cue * weight).sum(-1) / weight.sum(-1)
    return grouped


def _short_harmonicity(samples: FloatArray, frames: int) -> FloatArray:
    """Harmonicity at 23 ms, where a voice is harmonic and a stroke is not (sources above)."""
    per_frame = HOP // (SHORT_WINDOW // 4)
    power = channel_power(spectrogram(samples, SHORT_WINDOW, SHORT_WINDOW // 4))
    cue = uniform_filter1d(_harmonicity(power, (1, 5))[:, : SHORT_WINDOW // 2], 5, axis=0)
    cue = cue[::per_frame][:frames]
    cue = np.pad(cue, ((0, frames - len(cue)), (0, 0)), mode="edge")
    return np.repeat(cue, 2 * BINS // SHORT_WINDOW, axis=1)


def _stereo(spectra: ComplexArray, power: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(centre, panning): similarity of the channels, and how far the sound is to one side.

    Avendano and Jot, "A frequency-domain approach to multichannel upmix" (JAES 52, 2004); Barry,
    Lawlor and Coyle, "Sound source separation: azimuth discrimination and resynthesis" (DAFx
    2004). A mono song has 1 and 0 everywhere.
    """
    left, right = spectra[0, :, :BINS], spectra[1, :, :BINS]
    smooth = _smoothed(power, 3, axis=0) + np.float32(1e-20)
    likeness = 2 * (left.real * right.real + left.imag * right.imag)
    centre = np.clip(uniform_filter1d(likeness, 3, axis=0) / smooth, -1, 1)
    left_power = _smoothed(left.real**2 + left.imag**2, 3, axis=0)
    # Limited to 1, which two different rounding errors in silence could exceed.
    return centre, np.minimum(np.abs(2 * left_power / smooth - 1), 1)


def _repetition(magnitude: FloatArray) -> FloatArray:
    """1 where similar frames have the same sound, -1 where none has, as is common for a voice.

    Rafii and Pardo, "Music/voice separation using the similarity matrix" (ISMIR 2012, REPET-SIM).
    """
    frames = len(magnitude)
    coarse = magnitude[:, : BINS // 2].reshape(frames, -1, 4).mean(-1)
    coarse /= np.linalg.norm(coarse, axis=1, keepdims=True) + np.float32(1e-9)
    likeness = coarse @ coarse.T
    place = np.arange(frames)
    likeness[np.abs(place[:, None] - place) < NEAREST_SIMILAR_FRAMES] = -1
    similar = np.argpartition(-likeness, SIMILAR_FRAMES - 1, axis=1)[:, :SIMILAR_FRAMES]
    pairs = magnitude.reshape(frames, -1, 2).mean(-1)
    found = [pairs[similar[:, k]] for k in range(SIMILAR_FRAMES)]
    repeated = median_of_five(*(median_of_three(*found[k::5]) for k in range(5)))
    share = np.minimum(repeated, pairs) ** 2 / (pairs**2 + np.float32(1e-20))
    return np.repeat(2 * share - 1, 2, axis=1)


def _rise(level: FloatArray) -> FloatArray:
    """Growth of a logarithmic level over two frames."""
    rise = np.zeros_like(level)
    rise[2:] = level[2:] - level[:-2]
    return rise


def _widest(rise: FloatArray) -> FloatArray:
    """The maximum over each frame and its two neighbours."""
    padded = np.pad(rise, ((1, 1), (0, 0)), mode="edge")
    widest: FloatArray = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    return widest


def _in_nepers(values: FloatArray) -> FloatArray:
    """Logarithmic power, scaled and clipped so that 17 dB up or down reach the ends of the
    range."""
    return np.clip(values / 4, -1, 1)


def _envelope_cues(power: FloatArray) -> dict[str, FloatArray]:
    """Attack and decay in each band, and strokes that cover the whole frame.

    Bello et al., "A tutorial on onset detection in music signals" (IEEE TSAP 13, 2005).
    """
    level = np.log(_smoothed(power, 5, axis=1) + TINY)
    rise = _rise(level)
    slope = np.zeros_like(level)
    slope[3:-3] = level[6:] - level[:-6]
    click = np.maximum(rise[:, CLICK_BIN:], 0).mean(axis=1, keepdims=True)
    low_level = np.log(power[:, LOW_BINS].sum(axis=1, keepdims=True) + TINY)
    peak = np.log(power + TINY) - np.log(_smoothed(power, 15, axis=1) + TINY)
    return {
        "above_its_second": _in_nepers(level - running_remedian(level, 0, (1, 9))),
        "rise": _in_nepers(_widest(rise)),
        "slope": _in_nepers(slope),
        "peak": _in_nepers(peak),
        "click": 2 * maximum_filter1d(np.minimum(click / 2, 1), 5, axis=0) - 1,
        "low_stroke": _in_nepers(maximum_filter1d(_rise(low_level), 5, axis=0)),
    }


def all_cues(samples: FloatArray, spectra: ComplexArray, step: Step) -> dict[str, FloatArray]:
    """Every cue by name, for ``samples`` (2, samples) and their :func:`spectrogram`.

    ``step`` is called between the parts of the work, so that it may be cancelled.
    """
    frames = spectra.shape[1]
    power = channel_power(spectra)[:, :BINS]
    harmonic = _harmonicity(power, (1, 5))
    step()
    cues = {
        "harmonic": harmonic,
        "harmonic_long": _long_harmonicity(samples, frames),
        "harmonic_short": _short_harmonicity(samples, frames),
    }
    step()
    cues["centre"], cues["panning"] = _stereo(spectra, power)
    cues["repeated"] = _repetition(np.sqrt(power))
    step()
    cues |= _envelope_cues(power)
    percussive = (power * (1 - harmonic))[:, 20:].sum(axis=1, keepdims=True)
    cues["percussive_frame"] = percussive / (power[:, 20:].sum(1, keepdims=True) + TINY) - 1
    low = power[:, :24].sum(axis=1, keepdims=True)
    cues["low_frame"] = 2 * low / (power.sum(axis=1, keepdims=True) + TINY) - 1
    step()
    return cues
