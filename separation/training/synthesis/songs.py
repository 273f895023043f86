"""Adds synthetic songs to a corpus."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from separation.training.corpus import Clip, add_clip, read_index
from separation.training.synthesis.drums import drums
from separation.training.synthesis.parts import bass, other
from separation.training.synthesis.song import draw_song
from separation.training.synthesis.voices import vocals


def add_synthetic_songs(folder: Path, *, songs: int, seed: int = 0) -> Iterator[str]:
    """Add songs up to number ``songs``; yields a line for each."""
    done = {clip.song for clip in read_index(folder)}
    for number in range(songs):
        name = f"synth-{seed}-{number}"
        if name in done:
            continue
        draw = np.random.default_rng([seed, number])
        song = draw_song(draw)
        stems = {
            "drums": drums(draw, song),
            "bass": bass(draw, song),
            "other": other(draw, song),
            "vocals": vocals(draw, song),
        }
        for stem, samples in stems.items():
            peak = float(np.abs(samples).max()) or 1.0
            level = (0.7 * samples / peak).astype(np.float32)
            add_clip(folder, Clip(f"{name}-{stem}", stem, name, "synthesis"), level)
        yield f"{name}: {60 / song.step_s / 4:.0f} beats a minute"
