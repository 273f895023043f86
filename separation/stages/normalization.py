"""All tracks at a chosen level, by one common gain.

Reads: the song and every track made so far. Writes: nothing; each track becomes a recipe.
Tracks, in the folder ``normalized``: ``<name>_normalized`` for every track. As the gain is the
same for all of them, their balance stays and normalized stems still sum to the normalized song.

The gain brings the song, not each track, to the target, and is lowered where needed so that no
normalized track passes the true-peak ceiling.

Parameters:

- ``target_db``: level of the song, -60 to 0, in dBFS or LUFS. Default -20.
- ``measure``: ``rms`` (dBFS over the whole song, both channels) or ``lufs`` (integrated loudness,
  ITU-R BS.1770). Default ``rms``.
- ``true_peak_ceiling_dbtp``: -20 to 0 dBTP. Default -1, as EBU R 128 asks for.

Details: ``gain_db`` as applied, ``measured_db`` of the song (none where it has no level),
``true_peak_dbtp`` of the loudest track before the gain (none where it needed no measuring), and
``limited_by_ceiling``.

A silent song, or one too short for a loudness (400 ms), keeps its level and a warning says so.
Errors: ``invalid_options`` where no stage before made a track; what reading raises; ``cancelled``.

Version 1: first.
"""

import math
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Literal

import numpy as np
from pydantic import Field

from separation.audio.blocks import BLOCK_FRAMES, BlockReader
from separation.audio.loudness import LevelMeter, Levels
from separation.errors import InvalidOptions
from separation.progress import Report, part_of
from separation.stages.base import PipelineStage, StageContext, StageParams, StageResult
from separation.tracks import Term, Track, TrackReader

OVERSHOOT_DB = 3.02
"""How far a true peak is taken to lie above the sample peak at most: what a sine at a quarter of
the rate reaches when its samples fall beside its crests (ITU-R BS.1770-5, annex 2, attachment 1).
It decides only which tracks need the costly measurement."""

_Terms = tuple[Term, ...]


class NormalizationParams(StageParams):
    """See the module's docstring."""

    target_db: float = Field(default=-20.0, ge=-60.0, le=0.0)
    measure: Literal["rms", "lufs"] = "rms"
    true_peak_ceiling_dbtp: float = Field(default=-1.0, ge=-20.0, le=0.0)


class NormalizationStage(PipelineStage[NormalizationParams]):
    name = "normalization"
    processor_type = "normalization"
    version = 1
    label = "Normalizing levels"
    params_type = NormalizationParams

    def validate_input(self, context: StageContext) -> None:
        if not _delivered(context):
            raise InvalidOptions(
                "There are no tracks to normalize. Choose 'separation' or 'harmonic_percussive' "
                "as well."
            )

    def execute(self, context: StageContext) -> StageResult:
        self.validate_input(context)
        tracks = _delivered(context)
        measured_db = self._level_of_song(context)
        wanted_db = 0.0 if measured_db is None else self.params.target_db - measured_db
        ceiling_db = self.params.true_peak_ceiling_dbtp
        true_peak_db = _highest_true_peak(tracks.values(), ceiling_db - wanted_db, context)
        limited = true_peak_db is not None and true_peak_db + wanted_db > ceiling_db
        gain_db = ceiling_db - true_peak_db if limited and true_peak_db is not None else wanted_db
        gain = 10.0 ** (gain_db / 20.0)
        return StageResult(
            tracks=tuple(
                track.scaled(
                    gain, name=f"{track.name}_normalized", folder="normalized", stage=self.name
                )
                for track in tracks.values()
            ),
            details={
                "gain_db": gain_db,
                "measured_db": measured_db,
                "true_peak_dbtp": true_peak_db,
                "limited_by_ceiling": limited,
            },
            warnings=self._warnings(measured_db, gain_db, limited),
        )

    def _level_of_song(self, context: StageContext) -> float | None:
        song = context.require_song()
        with BlockReader(context.work_dir / song.path) as reader:
            levels = _levels(reader, part_of(context.report, 0.0, 0.3))
        return levels.rms_dbfs if self.params.measure == "rms" else levels.loudness_lufs

    def _warnings(
        self, measured_db: float | None, gain_db: float, limited: bool
    ) -> tuple[str, ...]:
        unit = "dBFS (RMS)" if self.params.measure == "rms" else "LUFS"
        if measured_db is None:
            reason = "silent" if self.params.measure == "rms" else "silent or shorter than 0.4 s"
            return (f"The song is {reason}, so it has no level to normalize by.",)
        if limited:
            return (
                f"The song was brought to {measured_db + gain_db:.1f} {unit} instead of "
                f"{self.params.target_db:.1f}, because a track would have passed the true-peak "
                f"ceiling of {self.params.true_peak_ceiling_dbtp:.1f} dBTP.",
            )
        return ()


def _delivered(context: StageContext) -> dict[str, Track]:
    return {
        name: track
        for name, track in context.tracks.items()
        if track.stage != NormalizationStage.name
    }


def _highest_true_peak(
    tracks: Iterable[Track], harmless_db: float, context: StageContext
) -> float | None:
    """The highest true peak of all tracks in dBTP, measured only where it can matter.

    None where no track can pass ``harmless_db`` even with the largest overshoot. Loudest sample
    peak first, so most tracks need no second reading.
    """
    recipes = {track.terms: track for track in tracks}
    peaks = _sample_peaks(recipes, context, part_of(context.report, 0.3, 0.7))
    highest: float | None = None
    report = part_of(context.report, 0.7, 1.0)
    for count, terms in enumerate(sorted(peaks, key=lambda key: -peaks[key])):
        relevant_db = harmless_db if highest is None else max(highest, harmless_db)
        if peaks[terms] + OVERSHOOT_DB <= relevant_db:
            break
        share = part_of(report, count / len(peaks), (count + 1) / len(peaks))
        found = _true_peak(recipes[terms], context, share)
        if found is not None:
            highest = found if highest is None else max(highest, found)
    report(1.0)
    return highest


def _sample_peaks(
    recipes: Iterable[_Terms], context: StageContext, report: Report
) -> dict[_Terms, float]:
    """Highest sample of each recipe in dBFS; every file is read once, however many use it."""
    peaks = dict.fromkeys(recipes, 0.0)
    frames = context.require_song().frames
    with ExitStack() as stack:
        readers = {
            path: stack.enter_context(BlockReader(context.work_dir / path))
            for path in sorted({term.path for terms in peaks for term in terms})
        }
        for start in range(0, frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, frames - start)
            blocks = {path: reader.read(start, count) for path, reader in readers.items()}
            for terms in peaks:
                total = sum(np.float32(term.gain) * blocks[term.path] for term in terms)
                peaks[terms] = max(peaks[terms], float(np.max(np.abs(total))))
            report((start + count) / frames)
    return {terms: 20.0 * math.log10(peak) if peak else -math.inf for terms, peak in peaks.items()}


def _true_peak(track: Track, context: StageContext, report: Report) -> float | None:
    with TrackReader(track, context.work_dir) as reader:
        return _levels(reader, report).true_peak_dbtp


def _levels(reader: BlockReader | TrackReader, report: Report) -> Levels:
    meter = LevelMeter(reader.sample_rate_hz)
    done = 0
    for block in reader.blocks():
        meter.write(block)
        done += block.shape[1]
        report(done / reader.frames)
    return meter.levels()
