"""The demonstration song: eight bars of drums, bass, chords and a voice, and their true stems.

The song contains no recordings, and its chords (A minor, F, C, G) and tune were written for it. The
same versions of numpy and scipy create the same song; other versions may differ in the last bits.
"""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from separation.audio.blocks import FloatArray
from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.demo.instruments import (
    Random,
    Signal,
    bass_note,
    chord_note,
    hat,
    kick,
    snare,
    sung_note,
)
from separation.storage.atomic_files import write_durably

_SEED = 20_261
_STEP = SAMPLE_RATE_HZ // 8
"""A sixteenth at 120 beats a minute."""

_BARS = 8
_STEPS = 16 * _BARS
_TAIL = SAMPLE_RATE_HZ
FRAMES = _STEPS * _STEP + _TAIL
"""Frames of the song: 17 s."""

_PEAK = 0.8
_RMS_DB = {"drums": -19.0, "bass": -20.0, "other": -23.0, "vocals": -20.0}
"""RMS levels of the stems, in dBFS before the common gain to ``_PEAK``."""

_CHORDS = ((45, 48, 52), (41, 45, 48), (48, 52, 55), (43, 47, 50))
"""MIDI numbers, one chord per bar; the sequence plays twice."""

_TUNE: tuple[tuple[int, int, int, str], ...] = (
    (16, 6, 69, "a"), (22, 2, 71, "e"), (24, 8, 72, "o"),
    (32, 6, 72, "a"), (38, 2, 71, "e"), (40, 4, 69, "u"), (44, 4, 65, "o"),
    (48, 12, 67, "a"), (64, 4, 69, "o"), (68, 4, 72, "e"), (72, 8, 76, "a"),
    (80, 6, 74, "o"), (86, 2, 72, "e"), (88, 8, 69, "u"),
    (96, 4, 67, "a"), (100, 4, 69, "e"), (104, 8, 71, "o"), (112, 14, 69, "a"),
)  # fmt: skip
"""(first sixteenth, sixteenths, MIDI number, vowel)."""


def stems() -> dict[str, FloatArray]:
    """Return the true stems, (channels, samples) each; their sum is the song, with a peak of
    0.8."""
    random = np.random.default_rng(_SEED)
    levelled = {name: _level(play(random), _RMS_DB[name]) for name, play in _PLAYERS.items()}
    gain = _PEAK / np.max(np.abs(sum(levelled.values())))
    return {name: (gain * stem).astype(np.float32) for name, stem in levelled.items()}


def write_song(path: Path) -> None:
    """Write the song atomically as FLAC of 24 bits."""
    mixture = sum(stems().values())
    assert isinstance(mixture, np.ndarray)
    file = io.BytesIO()
    soundfile.write(file, mixture.T, SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_24")
    write_durably(path, file.getvalue())


def _level(stem: Signal, rms_db: float) -> Signal:
    rms = np.sqrt(np.mean(stem**2))
    return np.asarray(stem * 10 ** (rms_db / 20) / rms)


def _hz(midi: int) -> float:
    return float(440.0 * 2 ** ((midi - 69) / 12))


def _add(stem: Signal, step: int, note: Signal, left: float, right: float) -> None:
    at = step * _STEP
    frames = min(len(note), stem.shape[1] - at)
    stem[:, at : at + frames] += np.outer((left, right), note[:frames])


def _empty() -> Signal:
    return np.zeros((CHANNELS, FRAMES))


def _drums(random: Random) -> Signal:
    stem = _empty()
    for step in range(_STEPS):
        beat = step % 16
        if beat in (0, 6, 8):
            _add(stem, step, kick(), 1.0, 1.0)
        if beat in (4, 12):
            _add(stem, step, snare(random), 0.8, 0.8)
        if beat % 2 == 0:
            _add(stem, step, hat(random), 0.35, 0.55)
    return stem


def _bass(random: Random) -> Signal:
    stem = _empty()
    for step in range(0, _STEPS, 2):
        if step % 16 in (0, 4, 6, 10, 12, 14):
            root = _CHORDS[step // 16 % len(_CHORDS)][0] - 12
            octave = 12 if step % 16 == 14 else 0
            _add(stem, step, bass_note(_hz(root + octave), 2 * _STEP), 1.0, 1.0)
    return stem


def _other(random: Random) -> Signal:
    stem = _empty()
    for bar in range(_BARS):
        for midi in _CHORDS[bar % len(_CHORDS)]:
            for step, steps in ((16 * bar, 7), (16 * bar + 8, 8)):
                frames = steps * _STEP
                _add(stem, step, chord_note(_hz(midi + 12), frames, 0.998), 1.0, 0.15)
                _add(stem, step, chord_note(_hz(midi + 12), frames, 1.002), 0.15, 1.0)
    return stem


def _vocals(random: Random) -> Signal:
    stem = _empty()
    for step, steps, midi, vowel in _TUNE:
        _add(stem, step, sung_note(_hz(midi - 12), steps * _STEP, vowel, random), 1.0, 1.0)
    return stem


_PLAYERS: dict[str, Callable[[Random], Signal]] = {
    "drums": _drums,
    "bass": _bass,
    "other": _other,
    "vocals": _vocals,
}
