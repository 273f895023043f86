"""Adds multitrack recordings to a corpus: a folder for each song, a file for each track."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np

from separation.errors import InvalidOptions
from separation.training.corpus import SAMPLE_RATE_HZ, Clip, FloatArray, add_clip, read_index

_VOCALS = re.compile(r"vox|vocal")
_DRUMS = re.compile(
    r"drum|kick|hat|(^|_)hh(_|$)|snare|(^|_)sn(_|$)|k_sn|clap|beat|(?<!melody_)break|(^|_)tom|tops|prc"
    r"|scratch"
)
_BASS = re.compile(r"bass|(^|_)sine(_|$)")

_MIXED = re.compile(r"pad_bass")
"""Names of tracks with two stems in one, which are useless for training."""

_COPY_AT_24_KHZ = ".24k"


def stem_of(track: str) -> str | None:
    """The stem of a track by its name, ``None`` for a track with several stems."""
    name = track.lower()
    if _MIXED.search(name):
        return None
    for stem, pattern in (("vocals", _VOCALS), ("drums", _DRUMS), ("bass", _BASS)):
        if pattern.search(name):
            return stem
    return "other"


def add_multitracks(
    source: Path, folder: Path, held_back: dict[str, tuple[float, float]]
) -> Iterator[str]:
    """Add every track below ``source``; yields a line for each.

    ``held_back``: by song, the seconds (from, to) that must not be trained on; they are cut out of
    the song's clips. Raises ``InvalidOptions`` where there is no track.
    """
    tracks = sorted(path for path in source.glob("*/*") if path.suffix in (".m4a", ".wav", ".flac"))
    if not tracks:
        raise InvalidOptions(f"There are no tracks in {source}: it needs a folder for each song.")
    done = {clip.name for clip in read_index(folder)}
    for path in tracks:
        track, song = path.stem.removesuffix(_COPY_AT_24_KHZ), path.parent.name
        stem = stem_of(track)
        if stem is None:
            continue
        pieces = _cut(read_track(path), held_back.get(song))
        for k, piece in enumerate(pieces):
            name = f"{song}-{track}-{k}"
            if name not in done:
                narrow = path.stem.endswith(_COPY_AT_24_KHZ)
                bandwidth = 12_000.0 if narrow else 16_000.0
                add_clip(folder, Clip(name, stem, f"{song}#{k}", "multitrack", bandwidth), piece)
                yield f"{name}: {stem}, {piece.shape[1] / SAMPLE_RATE_HZ:.0f} s"


def read_track(path: Path) -> FloatArray:
    """(2, frames) at 44.1 kHz, full scale 1.0. Decodes in this process, so only for the operator's
    own material."""
    blocks: list[Any] = []
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SAMPLE_RATE_HZ)
        for frame in container.decode(audio=0):
            blocks.extend(part.to_ndarray() for part in resampler.resample(frame))
        blocks.extend(part.to_ndarray() for part in resampler.resample(None))
    samples: FloatArray = np.concatenate(blocks, axis=1).astype(np.float32)
    return samples


def _cut(samples: FloatArray, held_back: tuple[float, float] | None) -> list[FloatArray]:
    if held_back is None:
        return [samples]
    first, last = (round(second * SAMPLE_RATE_HZ) for second in held_back)
    return [piece for piece in (samples[:, :first], samples[:, last:]) if piece.shape[1] > 0]
