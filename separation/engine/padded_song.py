"""Presents a song to networks: normalised, and padded beyond its ends."""

import numpy as np
from numpy.typing import NDArray

from separation.audio.blocks import FloatArray
from separation.engine.statistics import MonoStatistics, StreamedSong


class NormalisedSong:
    """The normalised song, (x - mean) / scale, with zeros outside.

    ``margin``: windows begin this many frames before the song.
    """

    margin = 0

    def __init__(self, song: StreamedSong, statistics: MonoStatistics) -> None:
        self._song = song
        self._mean = np.float32(statistics.mean)
        self._scale = np.float32(statistics.scale)
        self.silence = -self._mean / self._scale
        self.frames = song.frames
        self.channels = song.channels

    def read(self, start: int, count: int) -> FloatArray:
        """(channels, count) from ``start``, which may be negative."""
        return self.window(start, count)[0]

    def window(self, start: int, count: int) -> tuple[FloatArray, bool]:
        """As :meth:`read`, and whether the window is audible: it holds a sample of the song that is
        not 0."""
        out = np.zeros((self.channels, count), dtype=np.float32)
        first, last = max(start, 0), min(start + count, self.frames)
        if last <= first:
            return out, False
        real = self._song.read(first, last - first)
        out[:, first - start : last - start] = (real - self._mean) / self._scale
        return out, bool(real.any())

    def restore(self, block: FloatArray) -> FloatArray:
        """Undo the normalisation of separated frames, in place."""
        block *= self._scale
        block += self._mean
        return block

    def context_before(self, extra: int) -> int:
        """How many of a window's ``extra`` frames lie before its frames of interest: half, because
        demucs centres a padded window."""
        return extra // 2


class MirroredSong(NormalisedSong):
    """A song that is padded with its mirror image at both ends.

    The padding is that of ``demix`` in ZFTurbo/Music-Source-Separation-Training
    (utils/model_utils.py). A song longer than 2 * ``margin`` frames is mirrored by ``margin``
    frames at both ends, and windows begin that far before it. A window that reaches beyond the
    padding is filled up on the right: with the mirror image of its own frames where these are more
    than half of it, else with zeros.
    """

    def __init__(self, song: StreamedSong, statistics: MonoStatistics, margin: int) -> None:
        super().__init__(song, statistics)
        self.margin = margin if song.frames > 2 * margin else 0

    def context_before(self, extra: int) -> int:
        return 0

    def window(self, start: int, count: int) -> tuple[FloatArray, bool]:
        if start >= 0 and start + count <= self.frames:
            return super().window(start, count)
        places = self._places(start, count)
        first = int(places.min())
        real = self._song.read(first, int(places.max()) + 1 - first)[:, places - first]
        out = np.zeros((self.channels, count), dtype=np.float32)
        out[:, : real.shape[1]] = (real - self._mean) / self._scale
        return out, bool(real.any())

    def _places(self, start: int, count: int) -> NDArray[np.intp]:
        """The song's frame for each frame of a window; fewer than ``count`` where zeros follow.

        ``start`` is at least ``-margin`` and lies before the song's end.
        """
        end = self.frames + self.margin
        there = min(count, end - start)
        places = np.arange(start, start + (count if there > count // 2 else there))
        for last in (end - 1, self.frames - 1):
            places = np.where(places > last, 2 * last - places, places)
        return np.abs(places)
