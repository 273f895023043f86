"""Levels of many tracks, each measured in a thread of its own.

Many are another track times a gain (the normalized ones) or the same sum under another name, so
only what truly differs is measured, once in a job: the levels of a sound times a gain follow by
arithmetic. That they are those of the sums in float, before rounding to 24 or 16 bits, changes
them by less than they are told with.
"""

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from separation.audio.blocks import LONG_BLOCK_FRAMES, FloatArray
from separation.audio.metering.loudness import LevelMeter, Levels
from separation.audio.resample import Resampler
from separation.audio.tracks import Track, TrackReader
from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.progress import Report, ignore_progress
from separation.system.parallel import in_parallel

LEVELS_NAME = "levels.json"
"""In the folder of a stage that has measured."""

_Shape = tuple[tuple[str, float], ...]
"""Paths with gains relative to the first one's, which is therefore 1."""


class MeasuredLevels(BaseModel):
    """The levels of sums of files at one rate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_rate_hz: int
    sums: tuple[tuple[_Shape, Levels], ...]

    def by_shape(self, sample_rate_hz: int) -> dict[_Shape, Levels]:
        """Empty where another rate is asked for."""
        return dict(self.sums) if self.sample_rate_hz == sample_rate_hz else {}


def save_levels(path: Path, measured: MeasuredLevels) -> None:
    """For the stages that follow; ``path`` lies in a stage's own folder, which is sealed."""
    path.write_text(measured.model_dump_json())


def load_levels(path: Path) -> MeasuredLevels | None:
    """What an earlier stage has measured, None where there is no such file, or one that another
    version wrote in its own way."""
    try:
        return MeasuredLevels.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def measure_tracks(
    tracks: Sequence[Track],
    work_dir: Path,
    *,
    sample_rate_hz: int = SAMPLE_RATE_HZ,
    known: MeasuredLevels | None = None,
    report: Report = ignore_progress,
) -> dict[str, Levels]:
    """The levels of each track by name; reads in blocks, and only what is not known.

    ``sample_rate_hz``: the rate at which the tracks will be delivered. What is louder after
    resampling is louder here too: an estimate of what lies between the samples is not enough, as
    a clipped song exceeds it.
    """
    measured = measure_sums(
        tracks, work_dir, sample_rate_hz=sample_rate_hz, known=known, report=report
    )
    return levels_of(tracks, measured)


def levels_of(tracks: Sequence[Track], measured: MeasuredLevels) -> dict[str, Levels]:
    """Each track's levels by name; all of ``tracks`` were measured."""
    known = dict(measured.sums)
    return {
        track.name: scaled_levels(known[_shape(track)], track.terms[0].gain) for track in tracks
    }


def measure_sums(
    tracks: Sequence[Track],
    work_dir: Path,
    *,
    sample_rate_hz: int = SAMPLE_RATE_HZ,
    known: MeasuredLevels | None = None,
    report: Report = ignore_progress,
) -> MeasuredLevels:
    """Measure what differs among ``tracks`` and is not known; see :func:`measure_tracks`."""
    measured = known.by_shape(sample_rate_hz) if known is not None else {}
    missing = {_shape(track): track for track in reversed(tracks) if _shape(track) not in measured}
    parts = [partial(_measure, track, work_dir, sample_rate_hz) for track in missing.values()]
    measured |= dict(zip(missing, in_parallel(parts, report), strict=True))
    return MeasuredLevels(sample_rate_hz=sample_rate_hz, sums=tuple(measured.items()))


def _measure(track: Track, work_dir: Path, sample_rate_hz: int, report: Report) -> Levels:
    """The levels of the track's shape: of the track without its first gain."""
    meter = _MeterAtRate(sample_rate_hz)
    done = 0
    with TrackReader(track, work_dir) as reader:
        for block in reader.blocks(LONG_BLOCK_FRAMES):
            meter.write(block)
            done += block.shape[1]
            report(done / reader.frames)
    return scaled_levels(meter.finish(), 1 / track.terms[0].gain)


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
