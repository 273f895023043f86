"""Songs made of formulas, with true stems, to fit the spectral separator's coefficients.

Nothing recorded goes into the fit, so that real songs remain what it is measured on. Ranges are
wide on purpose: tempo, tuning, envelope, tone colour, stereo image, room and level are drawn anew
for each song. ``Random`` is numpy's generator; signals are (samples,) or (channels, samples).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

RATE_HZ = 44_100
SCALE = np.array([0, 2, 3, 5, 7, 8, 10])
VOWELS_HZ = (
    (800, 1200, 2500),
    (400, 2000, 2600),
    (300, 2300, 3000),
    (450, 800, 2600),
    (325, 700, 2500),
)
"""Formants of a, e, i, o, u (Peterson and Barney, JASA 24, 1952, rounded)."""

Random = np.random.Generator
Signal = NDArray[np.float64]
RMS = 0.1


def _filtered(signal: Signal, kind: str, hz: float | list[float], order: int = 2) -> Signal:
    return np.asarray(sosfilt(butter(order, hz, kind, fs=RATE_HZ, output="sos"), signal))


def _time_s(frames: int) -> Signal:
    return np.arange(frames) / RATE_HZ


def _add(song: Signal, at: int, note: Signal, pan: float = 0.0) -> None:
    frames = min(len(note), song.shape[1] - at)
    if frames > 0:
        song[0, at : at + frames] += note[:frames] * (1 - pan)
        song[1, at : at + frames] += note[:frames] * (1 + pan)


def _kick(random: Random) -> Signal:
    time = _time_s(int(0.6 * RATE_HZ))
    high, low, glide = random.uniform(90, 260), random.uniform(38, 70), random.uniform(0.01, 0.06)
    phase = 2 * np.pi * (low * time + (high - low) * glide * (1 - np.exp(-time / glide)))
    body = np.sin(phase) * np.exp(-time / random.uniform(0.04, 0.25))
    click = _filtered(random.standard_normal(len(time)), "high", random.uniform(1000, 4000))
    stroke = body + random.uniform(0, 0.4) * click * np.exp(-time / 0.004)
    return stroke * np.minimum(1, (time[-1] - time) * 88)


def _snare(random: Random) -> Signal:
    time = _time_s(int(0.5 * RATE_HZ))
    band = [random.uniform(300, 1500), random.uniform(6000, 16_000)]
    body = np.sin(2 * np.pi * random.uniform(160, 260) * time)
    wires = _filtered(random.standard_normal(len(time)), "band", band)
    return random.uniform(0.2, 0.8) * body * np.exp(
        -time / random.uniform(0.02, 0.1)
    ) + random.uniform(0.2, 0.6) * wires * np.exp(-time / random.uniform(0.03, 0.15))


def _hat(random: Random) -> Signal:
    time = _time_s(int(0.4 * RATE_HZ))
    hiss = _filtered(random.standard_normal(len(time)), "high", random.uniform(4000, 9000))
    return 0.3 * hiss * np.exp(-time / random.choice([0.02, 0.04, 0.15]))


def drums(frames: int, step: int, random: Random) -> Signal:
    song = np.zeros((2, frames))
    sounds = (_kick(random), _snare(random), _hat(random))
    gains = random.uniform((0.5, 0.2, 0.1), (1.2, 1.0, 0.8))
    hits = random.random((3, 16)) < [[0.12], [0.03], [random.uniform(0.2, 1)]]
    hits[0, [0, 4, 8, 12] if random.random() < 0.4 else [0, 8]] = True
    hits[1, [4, 12]] = True
    pans = (0.0, 0.0, random.uniform(-0.5, 0.5))
    for beat in range(frames // step):
        for sound, gain, hit, pan in zip(sounds, gains, hits[:, beat % 16], pans, strict=True):
            if hit:
                _add(song, beat * step, sound * gain * random.uniform(0.6, 1), pan)
    return song


def _tone(hz: float, frames: int, random: Random, falloff: float, partials: int) -> Signal:
    phase = 2 * np.pi * hz * _time_s(frames)
    tone = np.zeros(frames)
    for partial in range(1, partials + 1):
        if hz * partial < 9000:
            tone += np.sin(partial * phase + random.uniform(0, 6)) * partial**-falloff
    return tone


def _envelope(frames: int, attack_s: float, release_s: float, decay_s: float) -> Signal:
    time = _time_s(frames)
    ends = np.minimum(time / attack_s, 1) * np.minimum((frames / RATE_HZ - time) / release_s, 1)
    return np.clip(ends * np.exp(-time / decay_s), 0, 1)


def bass(frames: int, step: int, random: Random) -> Signal:
    song = np.zeros((2, frames))
    root, falloff = random.uniform(32, 58), random.choice([0.9, 1.3, 2, 3])
    decay_s, attack_s = random.choice([0.15, 0.4, 2.0, 9.0]), random.uniform(0.003, 0.04)
    cutoff = random.choice([200.0, 500.0, 1200.0, 3000.0])
    at = 0
    while at < frames:
        length = int(random.choice([1, 2, 2, 4, 8, 16])) * step
        sounding = int(length * np.clip(random.normal(0.9, 0.2), 0.3, 1))
        hz = root * 2 ** (random.choice(SCALE) / 12) * random.choice([1, 1, 1, 2])
        if random.random() < 0.85:
            tone = _filtered(_tone(hz, sounding, random, falloff, 20), "low", cutoff)
            _add(song, at, tone * _envelope(sounding, attack_s, 0.02, decay_s))
        at += length
    return song


def _chords(song: Signal, step: int, random: Random, base_hz: float) -> None:
    length, falloff = int(random.choice([8, 16])) * step, random.uniform(0.8, 1.8)
    attack_s, decay_s = random.choice([0.005, 0.05, 0.3]), random.choice([0.5, 9.0])
    for at in range(0, song.shape[1], length):
        degree, frames = random.integers(7), min(length, song.shape[1] - at)
        for third in (0, 2, 4, 6)[: random.integers(3, 5)]:
            octave, place = divmod(degree + third, 7)
            hz = base_hz * 2 ** ((SCALE[place] + 12 * octave) / 12)
            for side in (-1, 1):
                tone = 0.3 * _tone(hz * (1 + side * 0.003), frames, random, falloff, 10)
                _add(song, at, tone * _envelope(frames, attack_s, 0.05, decay_s), 0.7 * side)


def _plucks(song: Signal, step: int, random: Random, base_hz: float) -> None:
    pan, falloff = random.uniform(-0.8, 0.8), random.uniform(0.7, 2)
    decay_s, octaves = random.uniform(0.08, 0.6), random.integers(0, 2)
    pattern = random.choice(SCALE, 8)
    for count, at in enumerate(range(0, song.shape[1], 2 * step)):
        hz = base_hz * 2 ** (octaves + pattern[count % 8] / 12)
        frames = min(int(0.8 * RATE_HZ), song.shape[1] - at)
        note = 0.4 * _tone(hz, frames, random, falloff, 12)
        _add(song, at, note * _envelope(frames, 0.004, 0.02, decay_s), pan)


def other(frames: int, step: int, random: Random) -> Signal:
    song = np.zeros((2, frames))
    base_hz = random.uniform(110, 220) if random.random() < 0.75 else random.uniform(50, 110)
    with_plucks = random.random() < 0.6
    if not with_plucks or random.random() < 0.6:
        _chords(song, step, random, base_hz)
    if with_plucks:
        _plucks(song, step, random, base_hz)
    if random.random() < 0.25:
        swell = 1 + np.sin(np.pi * _time_s(frames) / 4)
        song += 0.05 * swell * _filtered(random.standard_normal((2, frames)), "band", [300, 8000])
    return song


def _melody(frames: int, step: int, random: Random) -> tuple[Signal, Signal, Signal, Signal]:
    """(pitch in Hz, level, level of consonants, number of the vowel), each (samples,)."""
    pitch, level, consonants, vowel = np.zeros((4, frames))
    base_hz = random.choice([110, 150, 200, 260, 340]) * random.uniform(0.9, 1.1)
    at, current = 0, base_hz
    while at < frames:
        if random.random() < 0.25:
            at += int(random.choice([2, 4, 8])) * step
            continue
        note = slice(at, min(at + int(random.choice([1, 2, 2, 3, 4, 8])) * step, frames))
        time = _time_s(note.stop - note.start)
        target = base_hz * 2 ** (random.choice(SCALE) / 12)
        vibrato = np.minimum(time / 0.3, 1) * np.sin(2 * np.pi * random.uniform(5, 6.5) * time)
        glide = (current - target) * np.exp(-time / 0.04)
        pitch[note] = glide + target * (1 + 0.012 * vibrato)
        level[note] = _envelope(len(time), 0.03, 0.05, 99.0) * random.uniform(0.6, 1)
        vowel[note] = random.integers(len(VOWELS_HZ))
        if random.random() < 0.6:
            length = min(int(random.uniform(0.03, 0.12) * RATE_HZ), at)
            consonants[at - length : at] += np.hanning(length) * random.uniform(0.2, 1)
        at, current = note.stop, target
    return pitch, level, consonants, vowel


def vocals(frames: int, step: int, random: Random) -> Signal:
    pitch, level, consonants, vowel = _melody(frames, step, random)
    drift = 0.01 * _filtered(random.standard_normal(frames), "low", 20)
    cycles = np.cumsum(pitch * (1 + drift)) / RATE_HZ
    source = _filtered(2 * (cycles % 1) - 1, "low", 3500) + 0.03 * random.standard_normal(frames)
    source *= level
    voice = 0.1 * _filtered(source, "low", 400)
    size = random.uniform(0.95, 1.2)
    for number, formants in enumerate(VOWELS_HZ):
        spoken = _filtered((vowel == number).astype(float), "low", 15) * source
        for hz, gain in zip(formants, (1, 0.6, 0.35), strict=True):
            voice += gain * _filtered(spoken, "band", [0.92 * hz * size, 1.08 * hz * size])
    hiss = [random.uniform(2000, 4500), random.uniform(7000, 12_000)]
    voice += 0.15 * _filtered(consonants * random.standard_normal(frames), "band", hiss)
    return _doubled(voice, random)


def _doubled(voice: Signal, random: Random) -> Signal:
    if random.random() < 0.5:
        return np.stack([voice, voice])
    late, gain = random.integers(300, 1200), random.uniform(0.3, 0.9)
    left, right = np.roll(voice, late), np.roll(voice, 2 * late)
    if random.random() < 0.3:
        right = -left
    return np.stack([voice + gain * left, voice + gain * right])


def _in_a_room(stem: Signal, random: Random) -> Signal:
    time = _time_s(int(0.8 * RATE_HZ))
    echo = random.standard_normal((2, len(time))) * np.exp(-time / random.uniform(0.05, 0.3))
    echo /= np.sqrt((echo**2).sum(axis=1, keepdims=True))
    wet = fftconvolve(stem, echo, axes=1)[:, : stem.shape[1]]
    return stem + random.uniform(0.05, 0.5) * wet


def _ducked(stem: Signal, step: int, random: Random) -> Signal:
    since_beat = (np.arange(stem.shape[1]) % (4 * step)) / RATE_HZ
    depth, recovery_s = random.uniform(0.3, 1), random.uniform(0.05, 0.15)
    return stem * (1 - depth * np.exp(-since_beat / recovery_s))


Generator = Callable[[int, int, Random], Signal]
STEMS: dict[str, tuple[Generator, float]] = {
    "drums": (drums, 0.0),
    "bass": (bass, 5.5),
    "other": (other, -2.0),
    "vocals": (vocals, -3.0),
}
"""Generator and mean level in dB; levels spread by 7 dB, and one stem in twenty is absent."""


def _stem(name: str, frames: int, step: int, random: Random) -> Signal:
    generate, mean_db = STEMS[name]
    stem = generate(frames, step, random)
    if random.random() < (0.15 if name == "bass" else 0.5):
        stem = _in_a_room(stem, random)
    if name in ("bass", "other") and random.random() < 0.25:
        stem = _ducked(stem, step, random)
    if random.random() < 0.5:
        treble = _filtered(stem, "high", random.uniform(200, 4000), order=1)
        stem = stem + random.uniform(-0.6, 2) * treble
    level_db = -60.0 if random.random() < 0.05 else mean_db + random.normal(0, 7)
    return stem * RMS * 10 ** (level_db / 20) / (np.sqrt(np.mean(stem**2)) + 1e-9)


def song(seed: int, seconds: float) -> NDArray[np.float32]:
    """(stems, channels, samples), stems in the order of ``STEMS``; the same seed, the same song."""
    random = np.random.default_rng(seed)
    frames, step = round(seconds * RATE_HZ), round(RATE_HZ * 15 / random.uniform(75, 160))
    stems = np.stack([_stem(name, frames, step, random) for name in STEMS])
    if random.random() < 0.15:
        stems = stems.mean(axis=1, keepdims=True).repeat(2, axis=1)
    return stems.astype(np.float32)
