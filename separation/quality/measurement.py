"""Measures a song and its stems in one pass over their files, in blocks."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from separation.audio.blocks import BLOCK_FRAMES, FloatArray
from separation.audio.tracks import Track, TrackReader
from separation.progress import Report, ignore_progress
from separation.quality.bleed import EnvelopeMeter
from separation.quality.clipping import FlatTopMeter
from separation.quality.spectrum import BAND_EDGES_HZ, SpectrumMeter
from separation.quality.sums import SumMeter, Sums
from separation.quality.timing import Timing, TimingMeter


@dataclass(frozen=True)
class Survey:
    """``spectra`` and ``flat_tops``: those of the song, then of each stem. ``together``: see
    :meth:`EnvelopeMeter.correlations`, without the song."""

    spectra: tuple[SpectrumMeter, ...]
    flat_tops: tuple[FlatTopMeter, ...]
    sums: Sums
    timings: tuple[Timing, ...]
    together: FloatArray


def survey(
    song: Track, stems: Sequence[Track], work_dir: Path, *, report: Report = ignore_progress
) -> Survey:
    """Measure ``song`` and all ``stems`` in one pass; raises the errors of reading and of
    ``report``."""
    with ExitStack() as stack:
        readers = [stack.enter_context(TrackReader(track, work_dir)) for track in (song, *stems)]
        frames = readers[0].frames
        surveyor = _Surveyor(len(stems), frames)
        for start in range(0, frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, frames - start)
            surveyor.write([reader.read(start, count) for reader in readers])
            report((start + count) / frames)
    return surveyor.finish()


class _Surveyor:
    def __init__(self, stems: int, frames: int) -> None:
        self._spectra = tuple(SpectrumMeter(frames) for _ in range(stems + 1))
        self._flat_tops = tuple(FlatTopMeter() for _ in range(stems + 1))
        self._sums = SumMeter(stems)
        self._timing = TimingMeter(stems)
        self._envelopes = EnvelopeMeter(stems, len(BAND_EDGES_HZ) - 1)
        self._stems = stems

    def write(self, blocks: list[FloatArray]) -> None:
        song, *stems = (np.ascontiguousarray(block) for block in blocks)
        residual = song.copy()
        for stem in stems:
            residual -= stem
        bands = [
            meter.write(block) for meter, block in zip(self._spectra, (song, *stems), strict=True)
        ]
        for meter, block in zip(self._flat_tops, (song, *stems), strict=True):
            meter.write(block)
        self._sums.write(stems, residual)
        self._timing.write(stems, residual)
        self._envelopes.write(bands[1:])

    def finish(self) -> Survey:
        return Survey(
            spectra=self._spectra,
            flat_tops=self._flat_tops,
            sums=self._sums.sums(),
            timings=tuple(self._timing.timing(place) for place in range(self._stems)),
            together=self._envelopes.correlations(),
        )
