"""A song as networks see it: at another level, and with something beyond its ends."""

import numpy as np
from numpy.typing import NDArray

from separation.audio.blocks import FloatArray
from separation.engine.statistics import MonoStatistics, Song


class NormalisedSong:
    """A song as the networks see it: (x - mean) / scale, with plain zeros outside.

    ``margin``: how many frames before the song windows begin.
    """

    margin = 0

    def __init__(self, song: Song, statistics: MonoStatistics) -> None:
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
        """The same, and whether there is any sound in it: a sample of the song that is not 0."""
        out = np.zeros((self.channels, count), dtype=np.float32)
        first, last = max(start, 0), min(start + count, self.frames)
        if last <= first:
            return out, False
        real = self._song.read(first, last - first)
        out[:, first - start : last - start] = (real - self._mean) / self._scale
        return out, bool(real.any())

    def restore(self, block: FloatArray) -> FloatArray:
        """The way back for separated frames, in place."""
        block *= self._scale
        block += self._mean
        return block

    def context_before(self, extra: int) -> int:
        """How many of the frames that a window has beyond those of interest lie before them: half,
        as demucs centres what it pads."""
        return extra // 2


class MirroredSong(NormalisedSong):
    """A song that goes on beyond its ends as its own mirror image, as far as windows look.

    As ``demix`` of ZFTurbo/Music-Source-Separation-Training pads (utils/model_utils.py): the song
    is mirrored by ``margin`` frames at both ends, where it is longer than both together, and
    windows begin that far before it. A window that reaches beyond even that is filled up on the
    right: with the mirror image of what it has where that is more than half of it, else with zeros.
    """

    def __init__(self, song: Song, statistics: MonoStatistics, margin: int) -> None:
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
        """The frame of the song at each place of a window; fewer than ``count`` where zeros follow.

        ``start`` is at least ``-margin`` and lies before the song's end.
        """
        end = self.frames + self.margin
        there = min(count, end - start)
        places = np.arange(start, start + (count if there > count // 2 else there))
        for last in (end - 1, self.frames - 1):
            places = np.where(places > last, 2 * last - places, places)
        return np.abs(places)
