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
``true_peak_dbtp`` of the loudest track before the gain (none where all are silent), and
``limited_by_ceiling``.

A silent song, or one too short for a loudness (400 ms), keeps its level and a warning says so.
Errors: ``invalid_options`` where no stage before made a track; what reading raises; ``cancelled``.

Version 1: first.
"""

import math
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from typing import Literal

import numpy as np
from pydantic import Field

from separation.audio.blocks import BLOCK_FRAMES, BlockReader, FloatArray
from separation.audio.loudness import LevelMeter
from separation.audio.true_peak import TruePeakMeter
from separation.base import CHANNELS
from separation.errors import InvalidOptions
from separation.progress import Report, part_of
from separation.stages.base import PipelineStage, StageContext, StageParams, StageResult
from separation.tracks import Term, Track


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
    needs = ("prepare",)

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
        report = part_of(context.report, 0.3, 1.0)
        true_peak_db = _highest_true_peak(tracks.values(), context, report)
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
            by_loudness = self.params.measure == "lufs"
            meter = LevelMeter(reader.sample_rate_hz, reader.channels, loudness=by_loudness)
            report = part_of(context.report, 0.0, 0.3)
            done = 0
            for block in reader.blocks():
                meter.write(block)
                done += block.shape[1]
                report(done / reader.frames)
        levels = meter.levels()
        return levels.loudness_lufs if by_loudness else levels.rms_dbfs

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
    tracks: Iterable[Track], context: StageContext, report: Report
) -> float | None:
    """The highest true peak of all tracks in dBTP; None where all are silent.

    One meter takes all tracks as channels: it interpolates only where the peak found so far in
    any of them could be beaten. Every file is read once, however many tracks use it.
    """
    recipes = dict.fromkeys(track.terms for track in tracks)
    frames = context.require_song().frames
    meter = TruePeakMeter(CHANNELS * len(recipes))
    sample_peak = 0.0
    with ExitStack() as stack:
        readers = {
            path: stack.enter_context(BlockReader(context.work_dir / path))
            for path in sorted({term.path for terms in recipes for term in terms})
        }
        for start in range(0, frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, frames - start)
            blocks = {path: reader.read(start, count) for path, reader in readers.items()}
            joined = np.concatenate([_mixed(terms, blocks) for terms in recipes])
            meter.write(joined)
            sample_peak = max(sample_peak, float(joined.max()), float(-joined.min()))
            report((start + count) / frames)
    peak = max(sample_peak, meter.peak())
    return 20.0 * math.log10(peak) if peak else None


def _mixed(terms: tuple[Term, ...], blocks: Mapping[str, FloatArray]) -> FloatArray:
    total = np.float32(terms[0].gain) * blocks[terms[0].path]
    for term in terms[1:]:
        total += np.float32(term.gain) * blocks[term.path]
    return total
