"""Synthesizes sung vocals by source and filter: a glottal pulse and the formants of vowels.

There are no words, only what a network needs to tell a voice from a lead synthesizer: formants that
do not move with the pitch, vibrato that sets in late, glides between notes, breath and consonants
(Fant, "Acoustic Theory of Speech Production", 1960; the formants of singers' vowels are those of
Csound's manual, appendix "Formant values").
"""

import numpy as np

from separation.training.corpus import SAMPLE_RATE_HZ
from separation.training.synthesis.song import Random, Samples, SynthesizedSong
from separation.training.synthesis.track import (
    SynthesizedTrack,
    band_pass,
    faded,
    room,
    seconds_of,
    white_noise,
)

_VOWELS = {
    "a": ((800, 1150, 2800, 3500), (0, -4, -20, -36)),
    "e": ((400, 1600, 2700, 3300), (0, -24, -30, -35)),
    "i": ((350, 1700, 2700, 3700), (0, -20, -30, -36)),
    "o": ((450, 800, 2830, 3500), (0, -9, -16, -28)),
    "u": ((325, 700, 2530, 3500), (0, -12, -30, -40)),
}
"""Formants of an alto in Hz, and their levels in dB."""

_BANDWIDTHS_HZ = (80.0, 100.0, 140.0, 180.0)
_CONTROL_HZ = 200.0
"""How often the spectral envelope is computed; formants move slowly enough for this rate."""


def vocals(draw: Random, song: SynthesizedSong) -> Samples:
    """A lead voice; in some songs with a copy on one side and a voice a third above on the
    other."""
    track = SynthesizedTrack()
    size = draw.uniform(0.8, 1.25)
    octave = int(draw.choice([2, 3])) if size > 1.0 else 2
    lines = [(0, 0.0)] + ([(0, -0.7), (2, 0.7)] if draw.random() < 0.4 else [])
    step, degree = 0, 4
    while step < song.steps:
        length = int(draw.choice([2, 2, 3, 4, 6, 8]))
        degree = int(np.clip(degree + draw.integers(-2, 3), 0, 9))
        if draw.random() < 0.75:
            seconds = length * song.step_s
            for shift, pan in lines:
                pitch = song.hertz(song.chord(step) + degree + shift, octave)
                late = song.at(step) + draw.uniform(0, 0.02)
                track.add(_note(draw, pitch, seconds, size), late, 0.6 if pan else 1.0, pan)
        else:
            step += int(draw.choice([0, 4, 8]))
        step += length
    return room(draw, track.samples) if draw.random() < 0.7 else track.samples


def _note(draw: Random, hertz: float, seconds: float, size: float) -> Samples:
    """One syllable: a consonant, then a vowel that may glide to another."""
    time = seconds_of(max(seconds, 0.08))
    pitch = hertz * _bend(draw, time, seconds)
    first, last = draw.choice(list(_VOWELS), size=2)
    glide = np.clip((time / max(seconds, 0.08) - 0.5) * 4, 0, 1)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE_HZ
    slope = draw.uniform(1.0, 1.6)
    control = np.arange(0, time.size, int(SAMPLE_RATE_HZ / _CONTROL_HZ))
    total = np.zeros_like(time)
    for k in range(1, max(int(9000 / hertz), 1) + 1):
        at = k * pitch[control]
        level = _envelope(first, at, size) * (1 - glide[control])
        level = level + _envelope(last, at, size) * glide[control]
        total += np.sin(k * phase) * np.interp(np.arange(time.size), control, level) * k**-slope
    breath = band_pass(white_noise(draw, time.size), 2000, 9000) * draw.uniform(0.002, 0.03)
    swell = np.minimum(time / draw.uniform(0.02, 0.08), 1) * np.minimum((time[-1] - time) / 0.05, 1)
    return faded(_consonant(draw, time) + (total / (np.abs(total).max() + 1e-9) + breath) * swell)


def _bend(draw: Random, time: Samples, seconds: float) -> Samples:
    """Relative pitch: a glide from below, then vibrato."""
    vibrato = np.clip((time - 0.25) / 0.3, 0, 1) * draw.uniform(0, 0.02)
    swing = np.sin(2 * np.pi * draw.uniform(4.5, 6.5) * time + draw.uniform(0, 6))
    drift = draw.uniform(-0.004, 0.004) * time / max(seconds, 0.1)
    bent: Samples = 1 - draw.uniform(0, 0.06) * np.exp(-time / 0.04) + vibrato * swing + drift
    return bent


def _envelope(vowel: str, hertz: Samples, size: float) -> Samples:
    """Gain at frequencies in Hz; ``size`` above 1 raises the formants, like a smaller throat."""
    total = np.full_like(hertz, 1e-3)
    for centre, level, width in zip(*_VOWELS[vowel], _BANDWIDTHS_HZ, strict=True):
        total += 10 ** (level / 20) / (1 + ((hertz - centre * size) / width) ** 2)
    return total


def _consonant(draw: Random, time: Samples) -> Samples:
    if draw.random() < 0.4:
        return np.zeros_like(time)
    low = draw.uniform(1500, 6000)
    hiss = band_pass(white_noise(draw, time.size), low, low * 2)
    consonant: Samples = hiss * np.exp(-time / draw.uniform(0.01, 0.06)) * draw.uniform(0.02, 0.25)
    return consonant
