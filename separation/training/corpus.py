"""Training material on disk: clips of one stem each, read in random pieces.

A corpus is a folder with ``clips/NAME.npy`` (int16, (frames, 2), 44.1 kHz) and a line of JSON for
each clip in ``clips.jsonl``. A line is written when its file is complete, so a preparation that was
killed resumes where it stopped.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from separation.errors import InvalidOptions

SAMPLE_RATE_HZ = 44_100
FULL_SCALE = 32_767.0
INDEX = "clips.jsonl"

Int16Array = NDArray[np.int16]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Clip:
    """One recording of one stem.

    ``song``: clips of one song start together and fit together. ``bandwidth_hz``: the highest
    frequency of the recording, which may be below half its sample rate. ``weight``: how often it is
    drawn, relative to 1 for an ordinary clip.
    """

    name: str
    stem: str
    song: str
    source: str
    bandwidth_hz: float = 22_050.0
    weight: float = 1.0


class Corpus:
    """The clips of one or several folders; samples are memory-mapped."""

    def __init__(self, folders: list[Path], *, without_songs: frozenset[str] = frozenset()) -> None:
        self._files: dict[str, Int16Array] = {}
        self.clips: list[Clip] = []
        for folder in folders:
            for clip in read_index(folder):
                if clip.song.split("#")[0] in without_songs:
                    continue
                self.clips.append(clip)
                self._files[clip.name] = np.load(clip_path(folder, clip.name), mmap_mode="r")
        if not self.clips:
            names = ", ".join(str(folder) for folder in folders) or "no folder"
            raise InvalidOptions(
                f"There is nothing to train on in {names}. Prepare material first."
            )
        self.by_stem = _grouped(self.clips, lambda clip: clip.stem)
        self.by_song = _grouped(self.clips, lambda clip: clip.song)

    def frames(self, clip: Clip) -> int:
        return int(self._files[clip.name].shape[0])

    def read(self, clip: Clip, start: int, count: int) -> FloatArray:
        """(2, count) at full scale 1.0; zeros outside the clip."""
        samples = self._files[clip.name]
        block = np.zeros((2, count), dtype=np.float32)
        first, last = max(start, 0), min(start + count, samples.shape[0])
        if first < last:
            block[:, first - start : last - start] = samples[first:last].T
        block *= np.float32(1.0 / FULL_SCALE)
        return block


def clip_path(folder: Path, name: str) -> Path:
    return folder / "clips" / f"{name}.npy"


def read_index(folder: Path) -> Iterator[Clip]:
    """The clips that are complete. A line that a crash cut off is left out."""
    index = folder / INDEX
    if not index.is_file():
        return
    for line in index.read_text().splitlines():
        try:
            yield Clip(**json.loads(line))
        except (json.JSONDecodeError, TypeError):
            continue


def add_clip(folder: Path, clip: Clip, samples: FloatArray) -> None:
    """Store (2, frames) at full scale 1.0; louder samples are clipped."""
    path = clip_path(folder, clip.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    scaled = np.clip(np.rint(samples.T * FULL_SCALE), -FULL_SCALE, FULL_SCALE)
    partial = path.with_suffix(".partial.npy")
    np.save(partial, np.ascontiguousarray(scaled, dtype=np.int16))
    partial.replace(path)
    with (folder / INDEX).open("a") as index:
        index.write(json.dumps(asdict(clip)) + "\n")


def _grouped(clips: list[Clip], key: object) -> dict[str, list[Clip]]:
    assert callable(key)
    groups: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        groups[key(clip)].append(clip)
    return dict(groups)
