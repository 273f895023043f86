"""Levels of many tracks in one read of their files.

Most tracks share files, and many are another track times a gain (the normalized ones) or the same
sum under another name, so only what truly differs is measured.
"""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

from separation.audio.blocks import BLOCK_FRAMES, BlockReader, FloatArray
from separation.audio.loudness import LevelMeter, Levels
from separation.audio.resample import Resampler
from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.progress import Report, ignore_progress
from separation.stages.parallel import thread_count
from separation.tracks import Track

_Shape = tuple[tuple[str, float], ...]
"""Paths with gains relative to the first one's, which is therefore 1."""


def measure_tracks(
    tracks: Sequence[Track],
    work_dir: Path,
    *,
    sample_rate_hz: int = SAMPLE_RATE_HZ,
    report: Report = ignore_progress,
) -> dict[str, Levels]:
    """The levels of each track by name; reads every file once, in blocks.

    ``sample_rate_hz``: the rate at which the tracks will be delivered. What is louder after
    resampling is louder here too: an estimate of what lies between the samples is not enough, as
    a clipped song exceeds it.
    """
    shapes = {track.name: _shape(track) for track in tracks}
    meters = {shape: _MeterAtRate(sample_rate_hz) for shape in set(shapes.values())}
    with ExitStack() as stack:
        paths = sorted({path for shape in meters for path, _ in shape})
        readers = {path: stack.enter_context(BlockReader(work_dir / path)) for path in paths}
        pool = stack.enter_context(ThreadPoolExecutor(thread_count()))
        frames = next(iter(readers.values())).frames
        for start in range(0, frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, frames - start)
            blocks = {path: reader.read(start, count) for path, reader in readers.items()}
            # scipy and numpy work outside Python's lock. All are waited for, and none is lost.
            list(pool.map(partial(_measure, blocks), meters.items()))
            report((start + count) / frames)
    measured = {shape: meter.finish() for shape, meter in meters.items()}
    return {
        track.name: scaled_levels(measured[shapes[track.name]], track.terms[0].gain)
        for track in tracks
    }


def _measure(blocks: dict[str, FloatArray], meter_of: "tuple[_Shape, _MeterAtRate]") -> None:
    shape, meter = meter_of
    meter.write(_sum(shape, blocks))


class _MeterAtRate:
    """Levels of a track as the resampler will deliver it."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._resampler = Resampler(SAMPLE_RATE_HZ, sample_rate_hz, CHANNELS)
        self._meter = LevelMeter(sample_rate_hz)

    def write(self, block: FloatArray) -> None:
        self._meter.write(self._resampler.write(block))

    def finish(self) -> Levels:
        self._meter.write(self._resampler.finish())
        return self._meter.levels()


def scaled_levels(levels: Levels, gain: float) -> Levels:
    """The levels of the same sound times ``gain`` (linear, not 0; its sign does not matter)."""
    change_db = 20 * math.log10(abs(gain))

    def moved(level: float | None) -> float | None:
        return None if level is None else level + change_db

    return Levels(
        frames=levels.frames,
        peak_dbfs=moved(levels.peak_dbfs),
        rms_dbfs=moved(levels.rms_dbfs),
        true_peak_dbtp=moved(levels.true_peak_dbtp),
        loudness_lufs=moved(levels.loudness_lufs),
    )


def _shape(track: Track) -> _Shape:
    first = track.terms[0].gain
    # Rounded, as 0.3 * g / (0.1 * g) and 0.3 / 0.1 differ in the last bit.
    return tuple((term.path, round(term.gain / first, 12)) for term in track.terms)


def _sum(shape: _Shape, blocks: dict[str, FloatArray]) -> FloatArray:
    if len(shape) == 1:
        return blocks[shape[0][0]]
    total = np.zeros_like(blocks[shape[0][0]])
    for path, gain in shape:
        total += blocks[path] if gain == 1.0 else np.float32(gain) * blocks[path]
    return total
