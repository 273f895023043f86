"""Draws random mixtures of clips, as spectra of the mixture and of every stem.

Gains, equalisation, width, speed, reverberation and saturation are drawn for every mixture, so that
a few hours of material teach more than their own sound. A common low-pass hides the codec of a
clip; without it the network learns to recognize a source by a missing top octave.
"""

import math
import random
from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from scipy.fft import irfft, next_fast_len, rfft

from separation.separators.bandsplit.layout import BINS, FFT_SIZE, HOP, STEMS
from separation.training.corpus import SAMPLE_RATE_HZ, Clip, Corpus, FloatArray

Vocals = Literal["none", "whole", "residue"]

_AUDIBLE = 1e-3
"""RMS below which a piece of a clip is a pause, and another piece is drawn."""

_LEVEL_DB = {"drums": (0.0, 5.0), "bass": (-1.0, 4.0), "other": (-2.0, 6.0), "vocals": (0.0, 5.0)}
"""Mean and standard deviation of a stem's level in a mixture, as in mixes of popular music."""

_SOURCE_SHARE = {"multitrack": 0.3, "midi": 0.5, "synthesis": 0.2}
"""How often each source is drawn; the number of its clips does not matter. Real recordings and
sampled instruments sound more like songs than our own synthesizer does."""

_OTHER_SHARE = 0.3
"""The share of a source that is not in the table."""

_MANY_CLIPS = 20
"""A source with fewer clips of a stem is drawn less often, else the network memorizes them."""

_QUIET_OTHER = 0.12
_LOUD_STEM = 0.25

_ABSENT = {"drums": 0.08, "bass": 0.12, "other": 0.06}
_VOCALS: tuple[Vocals, ...] = ("none", "whole", "residue")
_VOCALS_SHARE = (0.25, 0.35, 0.4)

_FREQUENCIES = np.linspace(0.0, SAMPLE_RATE_HZ / 2, BINS, dtype=np.float32)


@dataclass(frozen=True)
class Mixture:
    """``mixture`` (2, frames, 2049) and ``stems`` (4, 2, frames, 2049), complex, stems in the
    network's order. They sum to the mixture."""

    mixture: torch.Tensor
    stems: torch.Tensor


class Mixer:
    """Draws mixtures of ``frames`` STFT frames from a corpus; equal seeds draw equal mixtures."""

    def __init__(self, corpus: Corpus, *, frames: int, seed: int) -> None:
        self._corpus = corpus
        self._samples = (frames - 1) * HOP
        self._draw = random.Random(seed)
        self._noise = np.random.default_rng(seed)
        self._window = torch.hann_window(FFT_SIZE)
        self._songs = list(corpus.by_song)
        self._song_weights = _source_weights([corpus.by_song[name][0] for name in self._songs])
        self._clip_weights = {
            stem: [
                clip.weight * share
                for clip, share in zip(clips, _source_weights(clips), strict=True)
            ]
            for stem, clips in corpus.by_stem.items()
        }

    def mixture(self) -> Mixture:
        draw = self._draw
        vocals = draw.choices(_VOCALS, _VOCALS_SHARE)[0]
        waves, bandwidth_hz = self._waves(vocals)
        stems = self._spectra(waves)
        stems = stems * self._equalisers(bandwidth_hz)
        if vocals == "residue":
            stems = self._with_vocals_taken_out(stems)
        return Mixture(stems.sum(dim=0), stems)

    def _waves(self, vocals: Vocals) -> tuple[FloatArray, float]:
        """The stems (4, 2, samples) at their levels, and their common bandwidth."""
        draw = self._draw
        waves = np.zeros((len(STEMS), 2, self._samples), dtype=np.float32)
        together = draw.random() < 0.5
        song = draw.choices(self._songs, self._song_weights)[0] if together else None
        speed = _speed(draw)
        place = draw.random()
        bandwidth_hz = SAMPLE_RATE_HZ / 2.0
        for k, stem in enumerate(STEMS):
            if (stem == "vocals" and vocals == "none") or draw.random() < _ABSENT.get(stem, 0.0):
                continue
            chosen = self._clips(stem, song)
            pace = speed if song else _speed(draw)
            wave = self._layers(chosen, pace, place if song else None)
            level = float(np.sqrt(np.mean(wave**2)))
            if level > _AUDIBLE / 10:
                waves[k] = self._treated(stem, wave / level)
                bandwidth_hz = min(bandwidth_hz, *(clip.bandwidth_hz * pace for clip in chosen))
        chance = draw.random()
        if chance < _QUIET_OTHER:
            # Loud drums over quiet other: earlier trainings lost other in such mixtures.
            waves[STEMS.index("other")] *= np.float32(10 ** (-draw.uniform(4, 13) / 20))
        elif chance < _QUIET_OTHER + _LOUD_STEM:
            # One stem drowns the others, as the bass does in some electronic music.
            waves[draw.randrange(len(STEMS))] *= np.float32(10 ** (draw.uniform(4, 13) / 20))
        return waves * np.float32(0.1), bandwidth_hz

    def _clips(self, stem: str, song: str | None) -> list[Clip]:
        draw, corpus = self._draw, self._corpus
        of_song = [clip for clip in corpus.by_song[song] if clip.stem == stem] if song else []
        if of_song:
            kept = [clip for clip in of_song if draw.random() < 0.8]
            return kept or [draw.choice(of_song)]
        pool = corpus.by_stem[stem]
        first = draw.choices(pool, self._clip_weights[stem])[0]
        if first.source == "midi":
            return [first]
        count = draw.choices((1, 2, 3), (0.4, 0.4, 0.2))[0] if stem != "bass" else 1
        near = [clip for clip in corpus.by_song[first.song] if clip.stem == stem]
        return [
            first,
            *(draw.choice(near if draw.random() < 0.5 else pool) for _ in range(count - 1)),
        ]

    def _layers(self, clips: list[Clip], speed: float, place: float | None) -> FloatArray:
        total = np.zeros((2, self._samples), dtype=np.float32)
        count = math.ceil(self._samples * speed) + 2
        longest = max(self._corpus.frames(clip) for clip in clips)
        start = int((self._draw.random() if place is None else place) * max(longest - count, 1))
        for clip in clips:
            total += self._piece(clip, start, count, speed, is_fixed=place is not None)
        return total

    def _piece(
        self, clip: Clip, start: int, count: int, speed: float, *, is_fixed: bool
    ) -> FloatArray:
        block = self._corpus.read(clip, start, count)
        if not is_fixed:
            for _ in range(5):
                if float(np.sqrt(np.mean(block**2))) > _AUDIBLE:
                    break
                last = max(self._corpus.frames(clip) - count, 1)
                block = self._corpus.read(clip, self._draw.randrange(last), count)
        if speed == 1.0:
            return block[:, : self._samples]
        at = np.arange(self._samples, dtype=np.float32) * np.float32(speed)
        whole = at.astype(np.int64)
        part = at - whole
        faded: FloatArray = block[:, whole] * (1 - part) + block[:, whole + 1] * part
        return faded

    def _treated(self, stem: str, wave: FloatArray) -> FloatArray:
        """A wave of RMS 1 with the effects that a mix may have, at the level of its stem."""
        draw = self._draw
        if draw.random() < 0.5:
            wave = wave[::-1]
        if draw.random() < 0.3:
            wave = _with_width(wave, draw.uniform(0.0, 1.6) if stem != "bass" else 0.0)
        if draw.random() < (0.05 if stem == "bass" else 0.25):
            wave = self._reverberated(wave)
        if draw.random() < 0.2:
            drive = draw.uniform(0.3, 1.2)
            wave = np.tanh(wave * drive) / drive
        balance = draw.gauss(0.0, 1.5)
        level = draw.gauss(*_LEVEL_DB[stem])
        gains = [10 ** ((level + side) / 20) for side in (balance / 2, -balance / 2)]
        sign = draw.choice((1.0, -1.0))
        treated: FloatArray = wave * np.asarray([[sign * gain] for gain in gains], dtype=np.float32)
        return treated

    def _reverberated(self, wave: FloatArray) -> FloatArray:
        """Add reverberation: a tail of decaying noise that is softer than the dry sound."""
        draw = self._draw
        decay_s = draw.uniform(0.15, 1.2)
        length = int(decay_s * SAMPLE_RATE_HZ)
        time = np.arange(length, dtype=np.float32) / length
        tail = self._noise.standard_normal((2, length)).astype(np.float32) * np.exp(-6.9 * time)
        tail /= np.sqrt(np.sum(tail**2, axis=1, keepdims=True))
        size = next_fast_len(wave.shape[1] + length, real=True)
        wet = irfft(rfft(wave, size) * rfft(tail, size), size)[:, : wave.shape[1]]
        mixed: FloatArray = wave + np.float32(draw.uniform(0.1, 0.6)) * wet.astype(np.float32)
        return mixed

    def _spectra(self, waves: FloatArray) -> torch.Tensor:
        flat = torch.from_numpy(waves.reshape(-1, self._samples))
        spectra = torch.stft(
            flat, FFT_SIZE, HOP, window=self._window, center=True, return_complex=True
        )
        return spectra.reshape(len(STEMS), 2, BINS, -1).transpose(2, 3)

    def _equalisers(self, bandwidth_hz: float) -> torch.Tensor:
        """(4, 1, 1, 2049): a curve for each stem with one low-pass for all."""
        draw = self._draw
        curves = np.stack([self._curve(stem) for stem in STEMS])
        if draw.random() < 0.6:
            bandwidth_hz = min(bandwidth_hz, draw.uniform(10_000.0, 17_000.0))
        common = 0.5 - 0.5 * np.tanh((_FREQUENCIES - bandwidth_hz) / 160.0)
        return torch.from_numpy((curves * common).astype(np.float32))[:, None, None, :]

    def _curve(self, stem: str) -> FloatArray:
        """Slow random ripples over the octaves, at most some 8 dB."""
        draw = self._draw
        octaves = np.log2(np.maximum(_FREQUENCIES, 20.0) / 20.0) / 10.0
        if draw.random() < 0.3:
            return np.ones_like(_FREQUENCIES)
        depth = 1.5 if stem == "bass" else 2.5
        curve = np.zeros_like(_FREQUENCIES)
        for ripples in (0.5, 1.0, 2.0, 3.5):
            phase = draw.uniform(0, 2 * math.pi)
            curve += np.float32(draw.gauss(0, depth)) * np.cos(
                2 * math.pi * ripples * octaves + phase
            )
        return (10 ** (curve / 20)).astype(np.float32)

    def _with_vocals_taken_out(self, stems: torch.Tensor) -> torch.Tensor:
        """Simulate a mixture from which a network removed the vocals, by a ratio mask that is
        blurred and biased like those of such networks. What remains of the vocals, minus what the
        mask took from the others, is the stem ``vocals`` of this mixture."""
        draw = self._draw
        vocals = STEMS.index("vocals")
        music = stems.sum(dim=0) - stems[vocals]
        voice_power, music_power = stems[vocals].abs() ** 2, music.abs() ** 2
        blur = (2 * draw.randrange(0, 4) + 1, 2 * draw.randrange(0, 6) + 1)
        smooth = torch.nn.functional.avg_pool2d
        if blur != (1, 1):
            padding = (blur[0] // 2, blur[1] // 2)
            voice_power = smooth(voice_power, blur, 1, padding)
            music_power = smooth(music_power, blur, 1, padding)
        bias = 10 ** (draw.gauss(0.0, 4.0) / 10)
        mask = music_power / (music_power + bias * voice_power + 1e-9)
        floor = draw.uniform(0.0, 0.15)
        remaining = (stems.sum(dim=0)) * (floor + (1 - floor) * mask)
        stems = stems.clone()
        stems[vocals] = remaining - music
        return stems


def _source_weights(clips: list[Clip]) -> list[float]:
    """Weights with which each source is drawn by its share; equal for clips of one source."""
    counts = Counter(clip.source for clip in clips)
    shares = {
        source: _SOURCE_SHARE.get(source, _OTHER_SHARE) * min(1.0, count / _MANY_CLIPS) / count
        for source, count in counts.items()
    }
    return [shares[clip.source] for clip in clips]


def _speed(draw: random.Random) -> float:
    return draw.uniform(0.84, 1.19) if draw.random() < 0.6 else 1.0


def _with_width(wave: FloatArray, width: float) -> FloatArray:
    mid, side = (wave[0] + wave[1]) / 2, (wave[0] - wave[1]) / 2 * np.float32(width)
    return np.stack([mid + side, mid - side])
