"""The outline of a song: its loudness in a few columns, from which a small waveform is drawn."""

from pathlib import Path

import numpy as np

from separation.audio.blocks import BlockReader
from separation.base import SAMPLE_RATE_HZ

COLUMNS = 120
FULL = 100

_MOST_FRAMES = SAMPLE_RATE_HZ
"""At most a second of each column is read, so that hours of a song cost two minutes of reading."""


def outline_of(path: Path) -> list[int]:
    """Return ``COLUMNS`` levels (RMS, linear) of the canonical file at ``path``, from 0 to ``FULL``
    for the loudest; only zeros for silence."""
    with BlockReader(path) as reader:
        levels = np.array([_level(reader, column) for column in range(COLUMNS)])
    highest = levels.max()
    scaled = levels * FULL / highest if highest > 0 else levels
    return [int(level) for level in np.rint(scaled)]


def _level(reader: BlockReader, column: int) -> float:
    # A song with fewer frames than columns repeats frames.
    start = column * reader.frames // COLUMNS
    end = max((column + 1) * reader.frames // COLUMNS, start + 1)
    block = reader.read(start, min(end - start, _MOST_FRAMES))
    return float(np.sqrt(np.mean(np.square(block, dtype=np.float64))))
