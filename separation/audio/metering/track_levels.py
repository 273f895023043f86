"""Levels of many tracks, each measured in its own thread.

Many tracks are another track times a gain (the normalized ones) or the same sum under another name.
Each distinct sum is measured once in a job, and the levels of the same sum times a gain are
computed from it. The levels are those of the float sums. Rounding to 24 or 16 bits changes them by
less than the precision with which they are shown.
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
"""Name of the file with levels in the folder of a stage that measured them."""

_Shape = tuple[tuple[str, float], ...]
"""Paths, and their gains relative to the first one's, which is therefore 1."""


class MeasuredLevels(BaseModel):
    """The levels of sums of files at one rate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_rate_hz: int
    sums: tuple[tuple[_Shape, Levels], ...]

    def by_shape(self, sample_rate_hz: int) -> dict[_Shape, Levels]:
        """Return the levels by shape; empty where ``sample_rate_hz`` is not the measured rate."""
        return dict(self.sums) if self.sample_rate_hz == sample_rate_hz else {}


def save_levels(path: Path, measured: MeasuredLevels) -> None:
    """Save levels for the next stages; ``path`` lies in the stage's own folder, which is sealed."""
    path.write_text(measured.model_dump_json())


def load_levels(path: Path) -> MeasuredLevels | None:
    """Return the levels that an earlier stage measured; ``None`` where there is no such file, or
    another version wrote it in another format."""
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
    """Return the levels of each track by name; reads in blocks, and only sums not in ``known``.

    ``sample_rate_hz``: the rate at which the tracks will be delivered. The tracks are resampled to
    it before they are measured, as resampling can raise the peak. The true peak at the original
    rate is no bound: a clipped song exceeds it.
    """
    measured = measure_sums(
        tracks, work_dir, sample_rate_hz=sample_rate_hz, known=known, report=report
    )
    return levels_of(tracks, measured)


def levels_of(tracks: Sequence[Track], measured: MeasuredLevels) -> dict[str, Levels]:
    """Return each track's levels by name; ``measured`` must include all ``tracks``."""
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
    """Measure each distinct sum of ``tracks`` that is not in ``known``; see
    :func:`measure_tracks`."""
    measured = known.by_shape(sample_rate_hz) if known is not None else {}
    missing = {_shape(track): track for track in reversed(tracks) if _shape(track) not in measured}
    parts = [partial(_measure, track, work_dir, sample_rate_hz) for track in missing.values()]
    measured |= dict(zip(missing, in_parallel(parts, report), strict=True))
    return MeasuredLevels(sample_rate_hz=sample_rate_hz, sums=tuple(measured.items()))


def _measure(track: Track, work_dir: Path, sample_rate_hz: int, report: Report) -> Levels:
    """Return the levels of the track's shape, that is of the track without its first gain."""
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
    """Return the levels of the same sound times ``gain`` (linear, not 0, of either sign)."""
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
