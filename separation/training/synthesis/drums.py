"""Synthesizes a drum machine; every song has its own kit."""

import numpy as np

from separation.training.synthesis.song import Random, Samples, SynthesizedSong
from separation.training.synthesis.track import (
    SynthesizedTrack,
    band_pass,
    driven,
    room,
    seconds_of,
    white_noise,
)


def drums(draw: Random, song: SynthesizedSong) -> Samples:
    """A drum machine over sixteen steps, with variations and fills."""
    track = SynthesizedTrack()
    kit = {
        "kick": [_kick(draw)],
        "snare": [_snare(draw) if draw.random() < 0.7 else _clap(draw)],
        "closed": [_hat(draw, 0.02, 0.09)],
        "open": [_hat(draw, 0.15, 0.5)],
        "perc": [_tom(draw) if draw.random() < 0.6 else _cowbell(draw) for _ in range(2)],
    }
    pan = {
        name: draw.uniform(-0.35, 0.35) if name in ("closed", "open", "perc") else 0.0
        for name in kit
    }
    gain = {
        "kick": 1.0,
        "snare": draw.uniform(0.5, 0.9),
        "closed": draw.uniform(0.1, 0.4),
        "open": draw.uniform(0.1, 0.3),
        "perc": draw.uniform(0.1, 0.5),
    }
    patterns = [_drum_pattern(draw) for _ in range(3)]
    for step in range(song.steps):
        bar = step // 16
        for name, chances in patterns[bar // 4 % 3].items():
            if draw.random() < chances[step % 16]:
                sound = kit[name][draw.integers(len(kit[name]))]
                track.add(sound, song.at(step), gain[name] * draw.uniform(0.7, 1.0), pan[name])
    return room(draw, track.samples) if draw.random() < 0.6 else track.samples


def _drum_pattern(draw: Random) -> dict[str, Samples]:
    kick, snare = np.zeros(16), np.zeros(16)
    kick[::4] = 1.0 if draw.random() < 0.5 else 0.3
    kick[0] = 1.0
    kick[draw.integers(1, 16, size=3)] = draw.uniform(0.2, 0.9)
    snare[[4, 12]] = 1.0
    snare[draw.integers(0, 16, size=2)] = draw.uniform(0.0, 0.35)
    closed = np.zeros(16)
    closed[:: int(draw.choice([1, 2, 2, 4]))] = draw.uniform(0.7, 1.0)
    opened = np.zeros(16)
    opened[draw.choice([2, 6, 10, 14])] = draw.uniform(0.0, 0.8)
    perc = np.where(draw.random(16) < 0.2, draw.uniform(0.1, 0.6), 0.0)
    return {"kick": kick, "snare": snare, "closed": closed, "open": opened, "perc": perc}


def _kick(draw: Random) -> Samples:
    time = seconds_of(draw.uniform(0.15, 0.8))
    base, sweep = draw.uniform(38, 65), draw.uniform(60, 400)
    fall = draw.uniform(0.01, 0.06)
    phase = 2 * np.pi * (base * time - sweep * fall * np.exp(-time / fall))
    body = np.sin(phase) * np.exp(-time / draw.uniform(0.06, 0.35))
    click = white_noise(draw, time.size) * np.exp(-time / 0.004) * draw.uniform(0.0, 0.5)
    return driven(draw, body + click)


def _snare(draw: Random) -> Samples:
    time = seconds_of(draw.uniform(0.15, 0.45))
    pitch = draw.uniform(150, 260)
    tone = np.sin(2 * np.pi * pitch * time) + 0.5 * np.sin(2 * np.pi * pitch * 1.58 * time)
    tone = tone * np.exp(-time / draw.uniform(0.02, 0.1))
    rattle = band_pass(
        white_noise(draw, time.size), draw.uniform(800, 2500), draw.uniform(6000, 15000)
    )
    rattle *= np.exp(-time / draw.uniform(0.05, 0.18))
    return driven(draw, tone * draw.uniform(0.2, 0.8) + rattle)


def _clap(draw: Random) -> Samples:
    time = seconds_of(0.35)
    bursts = sum(
        np.where(time > late, np.exp(-(time - late) / 0.006), 0.0)
        for late in np.cumsum(draw.uniform(0.007, 0.014, size=3))
    )
    envelope = bursts + np.exp(-time / draw.uniform(0.05, 0.14)) * 0.5
    return (
        band_pass(white_noise(draw, time.size), draw.uniform(700, 1200), draw.uniform(3000, 9000))
        * envelope
    )


def _hat(draw: Random, shortest_s: float, longest_s: float) -> Samples:
    decay = draw.uniform(shortest_s, longest_s)
    time = seconds_of(decay * 4)
    metal = sum(np.sign(np.sin(2 * np.pi * f * time)) for f in draw.uniform(300, 1100, size=6) * 4)
    mixed = draw.uniform(0, 0.4) * metal + white_noise(draw, time.size)
    return band_pass(mixed, draw.uniform(4000, 8000), 18_000) * np.exp(-time / decay)


def _tom(draw: Random) -> Samples:
    time = seconds_of(0.5)
    pitch = draw.uniform(70, 240)
    phase = 2 * np.pi * (pitch * time - pitch * 0.5 * 0.05 * np.exp(-time / 0.05))
    return np.sin(phase) * np.exp(-time / draw.uniform(0.08, 0.25))


def _cowbell(draw: Random) -> Samples:
    time = seconds_of(0.3)
    pitch = draw.uniform(400, 1800)
    tones = np.sign(np.sin(2 * np.pi * pitch * time)) + np.sign(
        np.sin(2 * np.pi * pitch * 1.5 * time)
    )
    return band_pass(tones, pitch, min(pitch * 4, 18_000)) * np.exp(
        -time / draw.uniform(0.02, 0.12)
    )
