"""Synthesizes bass lines, and the parts that are neither drums nor bass."""

from collections.abc import Callable
from functools import partial

import numpy as np

from separation.training.corpus import SAMPLE_RATE_HZ
from separation.training.synthesis.song import SECONDS, Random, Samples, SynthesizedSong, Voice
from separation.training.synthesis.tones import (
    additive,
    cached,
    decaying,
    fm,
    string,
    swelling,
    swept,
)
from separation.training.synthesis.track import SynthesizedTrack, band_pass, chorus, echo, room


def bass(draw: Random, song: SynthesizedSong) -> Samples:
    """One monophonic line below about 150 Hz."""
    voice = cached(_draw_bass(draw))
    rhythm = [draw.random(16) < draw.choice([0.25, 0.4, 0.7]) for _ in range(2)]
    for pattern in rhythm:
        pattern[0] = True
    length = draw.uniform(0.5, 3.5)
    octave = int(draw.choice([0, 1, 1]))
    track = SynthesizedTrack()
    for step in range(song.steps):
        if rhythm[step // 32 % 2][step % 16]:
            jump = int(draw.choice([0, 0, 0, 4, 2])) + (7 if draw.random() < 0.12 else 0)
            pitch = song.hertz(song.chord(step) + jump, octave)
            sound = voice(pitch, length * song.step_s)
            track.add(sound, song.at(step), draw.uniform(0.75, 1.0), 0.0)
    return track.samples


def _draw_bass(draw: Random) -> Voice:
    kind = draw.choice(["saw", "square", "sub", "fm", "string", "reese"])
    if kind == "sub":
        return partial(decaying, partial(additive, slope=3.0, cutoff=200.0), draw.uniform(0.2, 2))
    if kind == "fm":
        return partial(
            fm, ratio=float(draw.choice([1, 2, 3])), index=draw.uniform(1, 5), decay_s=0.2
        )
    if kind == "string":
        return partial(string, damping=draw.uniform(0.2, 0.6), seed=int(draw.integers(2**31)))
    voices = 2 if kind == "reese" else 1
    tone = partial(
        swept,
        voices=voices,
        odd=kind == "square",
        low=draw.uniform(80, 400),
        high=draw.uniform(300, 4000),
        decay_s=draw.uniform(0.05, 0.6),
    )
    return partial(decaying, tone, draw.uniform(0.3, 3.0))


def other(draw: Random, song: SynthesizedSong) -> Samples:
    """One to four parts: chords, arpeggios, a melody, guitars."""
    parts = draw.choice(
        ["pad", "stab", "arp", "lead", "guitar", "keys"], size=draw.integers(1, 5), replace=False
    )
    total = np.zeros((2, int(SECONDS * SAMPLE_RATE_HZ)), dtype=np.float32)
    for part in parts:
        samples = _PARTS[part](draw, song)
        samples = chorus(draw, samples) if draw.random() < 0.4 else samples
        samples = echo(draw, samples, song) if draw.random() < 0.35 else samples
        samples = room(draw, samples) if draw.random() < 0.6 else samples
        level = float(np.sqrt(np.mean(samples**2))) or 1.0
        total += samples / level * np.float32(10 ** (draw.uniform(-9, 0) / 20))
    return total


def _chords(
    draw: Random, song: SynthesizedSong, voice: Voice, every: int, length: int, octave: int
) -> Samples:
    track = SynthesizedTrack()
    spread = draw.uniform(0, 0.8)
    inversion = int(draw.integers(3))
    hits = draw.random(16) < 0.3
    hits[0] = True
    for step in range(song.steps):
        if (step % every == 0) if every >= 8 else hits[step % 16]:
            for k, degree in enumerate((0, 2, 4, 6)[: int(draw.choice([3, 3, 4]))]):
                shift = 7 if k < inversion else 0
                pitch = song.hertz(song.chord(step) + degree + shift, octave)
                track.add(
                    voice(pitch, length * song.step_s), song.at(step), 0.5, spread * (k - 1) / 2
                )
    return track.samples


def _pad(draw: Random, song: SynthesizedSong) -> Samples:
    tone = partial(
        swept,
        voices=int(draw.integers(1, 4)),
        odd=bool(draw.random() < 0.3),
        low=draw.uniform(300, 1500),
        high=draw.uniform(800, 6000),
        decay_s=draw.uniform(0.5, 4),
    )
    return _chords(draw, song, cached(partial(swelling, tone)), 16, 16, 2)


def _stab(draw: Random, song: SynthesizedSong) -> Samples:
    tone = partial(
        swept,
        voices=int(draw.integers(1, 4)),
        odd=False,
        low=300.0,
        high=draw.uniform(1500, 9000),
        decay_s=draw.uniform(0.05, 0.3),
    )
    voice = cached(partial(decaying, tone, draw.uniform(0.1, 0.5)))
    return _chords(draw, song, voice, 4, int(draw.integers(1, 4)), int(draw.choice([2, 3])))


def _keys(draw: Random, song: SynthesizedSong) -> Samples:
    electric = partial(
        fm,
        ratio=float(draw.choice([1, 2, 7, 14])),
        index=draw.uniform(0.3, 2.5),
        decay_s=draw.uniform(0.2, 1.5),
    )
    organ = partial(additive, slope=1.0, cutoff=3000.0)
    return _chords(
        draw,
        song,
        cached(electric if draw.random() < 0.7 else organ),
        int(draw.choice([4, 8])),
        7,
        3,
    )


def _arp(draw: Random, song: SynthesizedSong) -> Samples:
    tone = partial(
        swept,
        voices=1,
        odd=bool(draw.random() < 0.4),
        low=400.0,
        high=draw.uniform(1500, 9000),
        decay_s=draw.uniform(0.03, 0.2),
    )
    plucked = partial(string, damping=draw.uniform(0.3, 0.7), seed=int(draw.integers(2**31)))
    voice = cached(
        plucked if draw.random() < 0.4 else partial(decaying, tone, draw.uniform(0.08, 0.4))
    )
    order = draw.permutation([0, 2, 4, 7, 9, 11])[: draw.integers(3, 7)]
    track = SynthesizedTrack()
    every = int(draw.choice([1, 2, 2, 3]))
    for k, step in enumerate(range(0, song.steps, every)):
        pitch = song.hertz(song.chord(step) + int(order[k % len(order)]), 3)
        track.add(voice(pitch, 2 * every * song.step_s), song.at(step), 0.8, 0.5 * np.sin(k))
    return track.samples


def _lead(draw: Random, song: SynthesizedSong) -> Samples:
    tone = partial(
        swept,
        voices=int(draw.integers(1, 3)),
        odd=bool(draw.random() < 0.5),
        low=800.0,
        high=draw.uniform(2000, 8000),
        decay_s=1.0,
    )
    voice = cached(partial(swelling, tone))
    track, step, degree = SynthesizedTrack(), 0, 7
    while step < song.steps:
        length = int(draw.choice([1, 2, 2, 3, 4, 8]))
        degree = int(np.clip(degree + draw.integers(-3, 4), 0, 14))
        if draw.random() < 0.8:
            track.add(
                voice(song.hertz(song.chord(step) + degree, 3), length * song.step_s),
                song.at(step),
                0.8,
            )
        step += length
    return track.samples


def _guitar(draw: Random, song: SynthesizedSong) -> Samples:
    """Power chords, played twice: one take for each side."""
    drive = draw.uniform(2, 25)
    hits = draw.random(16) < draw.uniform(0.25, 0.9)
    hits[0] = True
    length = int(draw.choice([1, 2, 6]))
    sides = []
    for _ in range(2):
        voice = cached(
            partial(string, damping=draw.uniform(0.3, 0.6), seed=int(draw.integers(2**31)))
        )
        track = SynthesizedTrack()
        for step in range(song.steps):
            if hits[step % 16]:
                for degree, octave in ((0, 1), (4, 1), (0, 2)):
                    late = song.at(step) + draw.uniform(0, 0.012)
                    pitch = song.hertz(song.chord(step) + degree, octave)
                    track.add(voice(pitch, (length + 1) * song.step_s), late, 0.6)
        mono = track.samples.mean(axis=0)
        sides.append(band_pass(np.tanh(mono * drive), 90.0, draw.uniform(3500, 6000)))
    return np.stack(sides).astype(np.float32)


_PARTS: dict[str, Callable[[Random, SynthesizedSong], Samples]] = {
    "pad": _pad,
    "stab": _stab,
    "arp": _arp,
    "lead": _lead,
    "guitar": _guitar,
    "keys": _keys,
}
