"""Synthesizes single notes: partials, frequency modulation and plucked strings."""

import numpy as np
from scipy.signal import lfilter

from separation.training.corpus import SAMPLE_RATE_HZ
from separation.training.synthesis.song import Samples, Voice
from separation.training.synthesis.track import faded, seconds_of, white_noise

_CACHED_STEPS_S = 0.01


def additive(
    hertz: float, seconds: float, *, slope: float, cutoff: float, odd: bool = False
) -> Samples:
    time = seconds_of(seconds)
    total = np.zeros_like(time)
    for k in _partials(hertz, odd, 40):
        total += np.sin(2 * np.pi * k * hertz * time) * (
            k**-slope / (1 + (k * hertz / cutoff) ** 4) ** 0.5
        )
    return total


def swept(
    hertz: float, seconds: float, *, voices: int, odd: bool, low: float, high: float, decay_s: float
) -> Samples:
    """Partials of a saw (or a square), below a cutoff that falls from ``high`` to ``low``."""
    time = seconds_of(seconds)
    cutoff = low + (high - low) * np.exp(-time / decay_s)
    total = np.zeros_like(time)
    for voice in range(voices):
        pitch = hertz * (1 + 0.006 * (voice - (voices - 1) / 2))
        for k in _partials(pitch, odd, 48):
            weight = 1 / (k * (1 + (k * pitch / cutoff) ** 4) ** 0.5)
            total += np.sin(2 * np.pi * k * pitch * time + 1.7 * voice * k) * weight
    return total


def _partials(hertz: float, odd: bool, most: int) -> range:
    highest = min(int(16_000 / hertz), most * (2 if odd else 1))
    return range(1, max(highest, 1) + 1, 2 if odd else 1)


def fm(hertz: float, seconds: float, *, ratio: float, index: float, decay_s: float) -> Samples:
    time = seconds_of(seconds)
    depth = index * np.exp(-time / decay_s)
    tone = np.sin(2 * np.pi * hertz * time + depth * np.sin(2 * np.pi * ratio * hertz * time))
    return faded(tone * np.exp(-time / (3 * decay_s)))


def string(hertz: float, seconds: float, *, damping: float, seed: int) -> Samples:
    """A plucked string (Karplus and Strong, 1983), as one recursive filter."""
    period = max(int(SAMPLE_RATE_HZ / hertz), 2)
    pluck = np.zeros(int(seconds * SAMPLE_RATE_HZ) + period, dtype=np.float32)
    pluck[:period] = white_noise(np.random.default_rng(seed), period)
    loop = np.zeros(period + 2)
    loop[0], loop[period], loop[period + 1] = 1.0, -0.996 * (1 - damping / 2), -0.996 * damping / 2
    return faded(lfilter([1.0], loop, pluck).astype(np.float32))


def decaying(tone: Voice, decay_s: float, hertz: float, seconds: float) -> Samples:
    samples = tone(hertz, seconds)
    return faded(samples * np.exp(-seconds_of(seconds)[: samples.size] / decay_s))


def swelling(tone: Voice, hertz: float, seconds: float) -> Samples:
    samples = tone(hertz, seconds + 0.2)
    rise = np.minimum(np.arange(samples.size) / (0.08 * SAMPLE_RATE_HZ), 1.0)
    fall = np.minimum((samples.size - np.arange(samples.size)) / (0.2 * SAMPLE_RATE_HZ), 1.0)
    return (samples * rise * fall).astype(np.float32)


def cached(voice: Voice) -> Voice:
    """A voice that computes each note only once."""
    notes: dict[tuple[int, int], Samples] = {}

    def play(hertz: float, seconds: float) -> Samples:
        key = (round(hertz * 100), round(seconds / _CACHED_STEPS_S))
        if key not in notes:
            notes[key] = voice(hertz, max(key[1], 1) * _CACHED_STEPS_S)
        return notes[key]

    return play
