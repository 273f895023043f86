"""A corpus of a few seconds, made of tones and noise."""

from pathlib import Path

import numpy as np

from separation.separators.bandsplit.layout import STEMS
from separation.separators.bandsplit.network import Shape
from separation.training.corpus import SAMPLE_RATE_HZ, Clip, FloatArray, add_clip

SMALL = Shape(width=8, hidden=16, band_hidden=8, head=8, dilations=(1, 4))


def tone(hertz: float, seconds: float = 4.0) -> FloatArray:
    time = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    wave = 0.3 * np.sin(2 * np.pi * hertz * time)
    return np.stack([wave, wave]).astype(np.float32)


def clicks(seconds: float = 4.0) -> FloatArray:
    wave = np.zeros(int(seconds * SAMPLE_RATE_HZ), dtype=np.float32)
    wave[:: SAMPLE_RATE_HZ // 4] = 0.9
    return np.stack([wave, wave])


SOUNDS = dict(zip(STEMS, (clicks(), tone(55.0), tone(1200.0), tone(500.0)), strict=True))


def small_corpus(folder: Path, songs: tuple[str, ...] = ("one", "two")) -> Path:
    for song in songs:
        for stem, samples in SOUNDS.items():
            add_clip(folder, Clip(f"{song}-{stem}", stem, song, "multitrack"), samples)
    return folder


def small_suite(folder: Path) -> Path:
    import soundfile

    (folder / "song").mkdir(parents=True)
    for stem, samples in SOUNDS.items():
        soundfile.write(folder / "song" / f"{stem}.wav", samples.T, SAMPLE_RATE_HZ, "FLOAT")
    return folder
