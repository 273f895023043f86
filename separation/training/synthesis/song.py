"""Tempo, scale and chords of a song, and the types that all synthesis shares."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Random = np.random.Generator
Samples = NDArray[Any]
"""Floating point at full scale 1.0, one channel or (2, frames)."""

Voice = Callable[[float, float], Samples]
"""Maps a frequency in Hz and a length in seconds to one channel of samples."""

SECONDS = 60.0
_SCALES = ((0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 9, 10))
_PROGRESSIONS = ((0, 5, 2, 6), (0, 3, 4, 4), (0, 6, 5, 4), (0, 0, 3, 4), (0, 4, 5, 3), (0, 2, 3, 5))


@dataclass(frozen=True)
class SynthesizedSong:
    """``step_s``: length of a sixteenth. ``chords``: a scale degree for each bar. ``root``: MIDI
    note."""

    step_s: float
    scale: tuple[int, ...]
    chords: tuple[int, ...]
    root: int
    swing: float

    def at(self, step: int) -> float:
        return (step + (self.swing if step % 2 else 0.0)) * self.step_s

    @property
    def steps(self) -> int:
        return int(SECONDS / self.step_s)

    def chord(self, step: int) -> int:
        return self.chords[step // 16 % len(self.chords)]

    def hertz(self, degree: int, octave: int) -> float:
        turn, place = divmod(degree, len(self.scale))
        note = self.root + 12 * (octave + turn) + self.scale[place]
        return float(440.0 * 2 ** ((note - 69) / 12))


def draw_song(draw: Random) -> SynthesizedSong:
    return SynthesizedSong(
        step_s=60.0 / draw.uniform(75, 175) / 4,
        scale=_SCALES[draw.integers(len(_SCALES))],
        chords=_PROGRESSIONS[draw.integers(len(_PROGRESSIONS))],
        root=int(draw.integers(21, 33)),
        swing=float(draw.choice([0.0, 0.0, 0.15, 0.3])),
    )
