"""Single notes of the demonstration song, synthesized by formulas.

Signals are (samples,) float64 at 44.1 kHz, about full scale 1. ``Random``: numpy's generator, the
only source of random numbers.
"""

import numpy as np
from numpy.typing import NDArray

from separation.base import SAMPLE_RATE_HZ

Signal = NDArray[np.float64]
Random = np.random.Generator

VOWELS_HZ = {
    "a": (730.0, 1090.0, 2440.0),
    "e": (530.0, 1840.0, 2480.0),
    "o": (570.0, 840.0, 2410.0),
    "u": (300.0, 870.0, 2240.0),
}
"""The first three formants of vowels sung by a man (Peterson and Barney, "Control methods used in
a study of the vowels", JASA 24, 1952, table II)."""

_FORMANT_GAINS = (1.0, 0.5, 0.25)
_FORMANT_WIDTH = 0.08
"""Half the width of a formant as a share of its frequency; spoken ones are 50 to 200 Hz wide."""


def seconds(frames: int) -> Signal:
    """Return the time of each sample in seconds."""
    return np.arange(frames) / SAMPLE_RATE_HZ


def filtered(signal: Signal, kind: str, hz: float | list[float]) -> Signal:
    """Apply a Butterworth filter of second order; ``kind`` as for ``scipy.signal.butter``."""
    # The import takes a second, and importers of this module need not synthesize the song.
    from scipy.signal import butter, sosfilt

    sos = butter(2, hz, kind, fs=SAMPLE_RATE_HZ, output="sos")
    return np.asarray(sosfilt(sos, signal))


def swell(frames: int, attack_s: float, release_s: float) -> Signal:
    """Return an envelope from 0 to 1 and back to 0, with linear slopes."""
    time = seconds(frames)
    ends = np.minimum(time / attack_s, (frames / SAMPLE_RATE_HZ - time) / release_s)
    return np.clip(ends, 0.0, 1.0)


def kick() -> Signal:
    time = seconds(SAMPLE_RATE_HZ * 3 // 10)
    # From 150 Hz down to 50 Hz; the integral of the frequency is the phase.
    phase = 2 * np.pi * (50 * time + 100 * 0.03 * (1 - np.exp(-time / 0.03)))
    return np.sin(phase) * np.exp(-time / 0.09) * swell(len(time), 0.001, 0.05)


def snare(random: Random) -> Signal:
    time = seconds(SAMPLE_RATE_HZ // 4)
    wires = filtered(random.standard_normal(len(time)), "bandpass", [700.0, 9000.0])
    body = np.sin(2 * np.pi * 190 * time) * np.exp(-time / 0.04)
    return 0.6 * body + 0.5 * wires * np.exp(-time / 0.07) * swell(len(time), 0.001, 0.05)


def hat(random: Random) -> Signal:
    time = seconds(SAMPLE_RATE_HZ // 10)
    hiss = filtered(random.standard_normal(len(time)), "highpass", 7000.0)
    return 0.3 * hiss * np.exp(-time / 0.025)


def bass_note(hz: float, frames: int) -> Signal:
    """Synthesize a plucked sawtooth with few partials."""
    time = seconds(frames)
    tone = sum(np.sin(2 * np.pi * hz * n * time) / n for n in range(1, 7))
    return np.asarray(0.5 * tone * np.exp(-time / 0.6) * swell(frames, 0.005, 0.03))


def chord_note(hz: float, frames: int, detune: float) -> Signal:
    """Synthesize an organ-like tone; ``detune``: a factor near 1, which differs for each side."""
    time = seconds(frames)
    partials = ((1, 1.0), (2, 0.5), (3, 0.3), (4, 0.15), (6, 0.08))
    tone = sum(gain * np.sin(2 * np.pi * hz * detune * n * time) for n, gain in partials)
    return np.asarray(0.3 * tone * swell(frames, 0.03, 0.12))


def sung_note(hz: float, frames: int, vowel: str, random: Random) -> Signal:
    """Synthesize a sawtooth with vibrato and some breath noise, filtered by the formants of a
    vowel."""
    time = seconds(frames)
    vibrato = 0.012 * np.minimum(time / 0.35, 1.0) * np.sin(2 * np.pi * 5.6 * time)
    cycles = np.cumsum(hz * (1 + vibrato)) / SAMPLE_RATE_HZ
    source = filtered(2 * (cycles % 1.0) - 1, "lowpass", 4000.0)
    source += 0.02 * random.standard_normal(frames)
    voice = 0.1 * filtered(source, "lowpass", 400.0)
    for formant, gain in zip(VOWELS_HZ[vowel], _FORMANT_GAINS, strict=True):
        band = [formant * (1 - _FORMANT_WIDTH), formant * (1 + _FORMANT_WIDTH)]
        voice += gain * filtered(source, "bandpass", band)
    return np.asarray(voice * swell(frames, 0.04, 0.08))
