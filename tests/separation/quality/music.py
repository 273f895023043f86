"""A few bars whose true stems are known, with a fixed seed, and what may go wrong with a stem."""

from collections.abc import Callable

import numpy as np

from separation.audio.blocks import FloatArray

RATE_HZ = 44_100
BEAT_S = 0.5
SECONDS = 8
_FRAMES = SECONDS * RATE_HZ

Stems = dict[str, FloatArray]


def make_stems(seed: int = 5) -> Stems:
    """Drums, bass, chords and a singing voice, float32 (2, frames); no two alike."""
    random = np.random.default_rng(seed)
    return {
        "drums": _stereo(_drums(random), 0.9, 1.0),
        "bass": _stereo(_notes(random, (41, 43, 38, 36), beats=1.0, partials=6), 1.0, 1.0),
        "other": _stereo(_chords(random), 1.0, 0.6),
        "vocals": _stereo(_voice(random), 0.8, 0.8),
    }


def mix(stems: Stems) -> FloatArray:
    return np.stack(list(stems.values())).astype(np.float64).sum(axis=0).astype(np.float32)


def delayed(samples: FloatArray, frames: int) -> FloatArray:
    """Later by ``frames``, earlier where they are negative; silence comes in at the edge."""
    moved = np.zeros_like(samples)
    if frames >= 0:
        moved[:, frames:] = samples[:, : samples.shape[1] - frames]
    else:
        moved[:, :frames] = samples[:, -frames:]
    return moved


def clipped(samples: FloatArray, share: float = 0.5) -> FloatArray:
    """Cut off at ``share`` of its highest peak."""
    top = share * np.abs(samples).max()
    return np.clip(samples, -top, top)


DEFECTS: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "clipped": lambda stem, song: clipped(stem),
    "empty": lambda stem, song: np.zeros_like(stem),
    "nearly empty": lambda stem, song: 0.001 * stem,
    "doubled": lambda stem, song: 2 * stem,
    "halved": lambda stem, song: 0.5 * stem,
    "delayed": lambda stem, song: delayed(stem, round(0.02 * RATE_HZ)),
    "early": lambda stem, song: delayed(stem, -round(0.007 * RATE_HZ)),
    "echoed": lambda stem, song: stem + delayed(stem, round(0.031 * RATE_HZ)),
    "inverted": lambda stem, song: -stem,
    "whole mix": lambda stem, song: song,
    "whole mix, quieter": lambda stem, song: 0.4 * song,
    "another song": lambda stem, song: stem[:, ::-1].copy(),
    "bleeding": lambda stem, song: stem + 0.35 * (song - stem),
}
"""Each takes the true stem and the song."""


def _stereo(mono: np.ndarray, left: float, right: float) -> FloatArray:
    return np.stack([left * mono, right * mono]).astype(np.float32)


def _time(seconds: float) -> np.ndarray:
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ


def _placed(events: list[tuple[float, np.ndarray]]) -> np.ndarray:
    total = np.zeros(_FRAMES)
    for start_s, sound in events:
        start = round(start_s * RATE_HZ)
        part = sound[: _FRAMES - start]
        total[start : start + len(part)] += part
    return total


def _drums(random: np.random.Generator) -> np.ndarray:
    time = _time(0.35)
    kick = np.sin(2 * np.pi * (45 * time + 4 * (1 - np.exp(-30 * time)))) * np.exp(-12 * time)
    events = []
    for beat in np.arange(0, SECONDS / BEAT_S, 0.5):
        start = beat * BEAT_S + random.normal(0, 0.004)
        noise = random.normal(0, 1, len(time))
        if beat % 2 == 0:
            events.append((max(start, 0.0), 0.6 * kick))
        elif beat % 2 == 1:
            events.append((start, 0.25 * noise * np.exp(-18 * time)))
        events.append((max(start, 0.0), 0.06 * np.diff(noise, prepend=0.0) * np.exp(-60 * time)))
    return _placed(events)


def _notes(
    random: np.random.Generator, keys: tuple[int, ...], *, beats: float, partials: int
) -> np.ndarray:
    """One note after another, of falling partials, now and then a rest."""
    length_s = beats * BEAT_S
    time = _time(length_s)
    fade = np.minimum(1, np.minimum(time / 0.01, (length_s - time) / 0.03)) * np.exp(-2 * time)
    events = []
    for number in range(int(SECONDS / length_s)):
        if random.random() < 0.15:
            continue
        hertz = 440 * 2 ** ((int(random.choice(keys)) - 69) / 12)
        phases = random.uniform(0, 2 * np.pi, partials)
        sound = sum(
            np.sin(2 * np.pi * hertz * (n + 1) * time + phases[n]) / (n + 1) ** 1.5
            for n in range(partials)
        )
        events.append((number * length_s, 0.25 * fade * sound))
    return _placed(events)


def _chords(random: np.random.Generator) -> np.ndarray:
    voices = [
        _notes(random, tuple(60 + root + third for root in (0, 5, 7)), beats=2.0, partials=5)
        for third in (0, 4, 7)
    ]
    return 0.4 * np.sum(voices, axis=0)


def _voice(random: np.random.Generator) -> np.ndarray:
    """Sung vowels: partials of a gliding tone with vibrato, shaped by two formants."""
    length_s = 1.2
    time = _time(length_s)
    fade = np.minimum(1, np.minimum(time / 0.08, (length_s - time) / 0.15))
    events = []
    for start_s in np.arange(1.0, SECONDS - length_s, 1.7):
        hertz = 220 * 2 ** (random.integers(0, 12) / 12)
        glide = hertz * (1 + 0.02 * np.sin(2 * np.pi * 5.5 * time) + 0.02 * time)
        phase = 2 * np.pi * np.cumsum(glide) / RATE_HZ
        formants = random.uniform((400, 900), (800, 2200))
        sound = np.zeros_like(time)
        for n in range(1, 16):
            strength = sum(1 / (1 + ((n * hertz - f) / 180) ** 2) for f in formants)
            sound += strength * np.sin(n * phase + random.uniform(0, 6)) / n**0.5
        breath = 0.01 * random.normal(0, 1, len(time))
        events.append((float(start_s), fade * (0.12 * sound + breath)))
    return _placed(events)
