"""Suites made of tones and noise, small enough to be measured in a moment."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from separation.evaluation.loading import LoadedSong

RATE_HZ = 44_100
Floats = NDArray[np.float64]


def stems(
    seconds: float = 1.0, *, seed: int = 1, names: tuple[str, ...] = ("vocals", "drums")
) -> dict[str, Floats]:
    """Noise that each stem has coloured in its own way, (2, frames), peak below 0.5."""
    rng = np.random.default_rng(seed)
    frames = round(seconds * RATE_HZ)
    made = {}
    for place, name in enumerate(names):
        noise = rng.normal(0.0, 0.1, (2, frames + 64))
        colour = np.cos(np.arange(64) * (place + 1) / 5) * np.exp(-np.arange(64) / 9)
        coloured = np.stack([np.convolve(channel, colour, "valid")[:frames] for channel in noise])
        made[name] = 0.4 * coloured / np.abs(coloured).max()
    return made


def save(path: Path, sound: Floats, rate_hz: int = RATE_HZ) -> Path:
    """(channels, frames) as float WAV, or FLAC of 24 bits by the name's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    subtype = "PCM_24" if path.suffix == ".flac" else "FLOAT"
    soundfile.write(path, sound.T, rate_hz, subtype=subtype)
    return path


def save_song(folder: Path, sounds: Mapping[str, Floats], *, ending: str = ".wav") -> Path:
    """A song's folder: its stems, and a mixture that is their sum."""
    save(folder / f"mixture{ending}", np.sum(list(sounds.values()), axis=0))
    for name, sound in sounds.items():
        save(folder / f"{name}{ending}", sound)
    return folder


def loaded(folder: Path, sounds: Mapping[str, Floats], mixture: Floats | None = None) -> LoadedSong:
    """The same as if it had been decoded."""
    whole = np.sum(list(sounds.values()), axis=0) if mixture is None else mixture
    return LoadedSong(
        name="Song",
        mixture=save(folder / "mixture.wav", whole),
        stems={name: save(folder / f"{name}.wav", sound) for name, sound in sounds.items()},
        frames=whole.shape[1],
        digest="0" * 64,
    )
