"""All tracks at a chosen level, by one common gain or each by its own.

Reads: the song and every track made so far. Writes: ``levels.json``, so that the export need not
measure the same sums again. Each normalized track is a recipe.
Tracks, in the folder ``normalized`` (parts of a stem in a folder of their own in there):
``<name>_normalized`` for every track.

``together``, the default: one gain brings the song to the target, and is lowered where needed so
that no normalized track exceeds the true-peak ceiling. The balance of the tracks stays, and
normalized stems still sum to the normalized song; once lost, this sum cannot be restored.
``each``: every track is brought to the target by a gain of its own, up to the ceiling. A track is
raised by 40 dB at most, so that the faint remains of an instrument that does not play stay faint.

Parameters:

- ``mode``: ``together`` or ``each``. Default ``together``.
- ``target_db``: level of the song, or of each track, -60 to 0, in dBFS or LUFS. Default -20.
- ``measure``: ``rms`` (dBFS over the whole song, both channels) or ``lufs`` (integrated loudness,
  ITU-R BS.1770). Default ``rms``.
- ``true_peak_ceiling_dbtp``: -20 to 0 dBTP. Default -1, as EBU R 128 requires.

Details: ``mode``; ``gain_db`` as applied (None with ``each``) and ``gains_db`` by track;
``measured_db`` of the song (None where it has no level), ``true_peak_dbtp`` of the loudest track
before the gain (None where all are silent), and ``limited_by_ceiling``.

A song that is silent, or too short for a loudness (400 ms), keeps its level, and a warning says so.
With ``each`` this applies to every track.
Errors: ``invalid_options`` where no earlier stage made a track; what reading raises; ``cancelled``.

Version 1: first.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from separation.audio.metering.loudness import Levels
from separation.audio.metering.track_levels import LEVELS_NAME, levels_of, measure_sums, save_levels
from separation.audio.tracks import Term, Track
from separation.errors import InvalidOptions
from separation.option_types import TargetDb, TruePeakCeilingDbtp
from separation.options import (
    LEVEL_MEASURE,
    NORMALIZE,
    TARGET_DB,
    TRUE_PEAK_CEILING_DBTP,
    LevelMeasure,
    NormalizeMode,
)
from separation.stages.base import PipelineStage, StageContext, StageParams, StageResult

FOLDER = "normalized"
MAX_RAISE_DB = 40.0


class NormalizationParams(StageParams):
    """See the module's docstring."""

    mode: NormalizeMode = NORMALIZE.default
    target_db: TargetDb = TARGET_DB.default
    measure: LevelMeasure = LEVEL_MEASURE.default
    true_peak_ceiling_dbtp: TruePeakCeilingDbtp = TRUE_PEAK_CEILING_DBTP.default


class NormalizationStage(PipelineStage[NormalizationParams]):
    name = "normalization"
    processor_type = "normalization"
    version = 1
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
        song = _song_track(context)
        measured = measure_sums([song, *tracks.values()], context.work_dir, report=context.report)
        save_levels(context.out_dir / LEVELS_NAME, measured)
        of_song = levels_of([song], measured)[song.name]
        levels = levels_of(list(tracks.values()), measured)
        true_peak_db = _highest_true_peak(levels.values())
        common = self._gain_of(of_song, true_peak_db, most_db=math.inf)
        gains, warnings = dict.fromkeys(levels, common), self._warnings(common)
        if self.params.mode == "each":
            gains = {name: self._gain_of(own, own.true_peak_dbtp) for name, own in levels.items()}
            warnings = self._warnings_of_each(gains)
        return StageResult(
            tracks=tuple(
                track.scaled(
                    10.0 ** (gains[name].db / 20.0),
                    name=f"{track.name}_normalized",
                    folder=_folder_of(track),
                    stage=self.name,
                )
                for name, track in tracks.items()
            ),
            details={
                "mode": self.params.mode,
                "gain_db": None if self.params.mode == "each" else common.db,
                "gains_db": {name: gain.db for name, gain in gains.items()},
                "measured_db": self._level_of(of_song),
                "true_peak_dbtp": true_peak_db,
                "limited_by_ceiling": any(gain.limited for gain in gains.values()),
            },
            warnings=warnings,
        )

    def _gain_of(
        self, levels: Levels, true_peak_db: float | None, most_db: float = MAX_RAISE_DB
    ) -> "_Gain":
        """The gain to the target, limited by ``most_db`` and by the ceiling for
        ``true_peak_db``."""
        measured_db = self._level_of(levels)
        target_gain_db = 0.0 if measured_db is None else self.params.target_db - measured_db
        gain_db = min(target_gain_db, most_db)
        ceiling_db = self.params.true_peak_ceiling_dbtp
        if true_peak_db is not None and true_peak_db + gain_db > ceiling_db:
            return _Gain(ceiling_db - true_peak_db, measured_db, limited=True)
        return _Gain(gain_db, measured_db, is_faint=target_gain_db > most_db)

    def _level_of(self, levels: Levels) -> float | None:
        return levels.loudness_lufs if self.params.measure == "lufs" else levels.rms_dbfs

    @property
    def _no_level(self) -> str:
        return "silent" if self.params.measure == "rms" else "silent or shorter than 0.4 s"

    def _warnings_of_each(self, gains: dict[str, "_Gain"]) -> tuple[str, ...]:
        """One sentence for each reason, with the tracks that it applies to."""
        reasons = {
            f"{self._no_level}, so there is no level to normalize by": [
                name for name, gain in gains.items() if gain.measured_db is None
            ],
            f"so faint that it was raised by {MAX_RAISE_DB:g} dB only": [
                name for name, gain in gains.items() if gain.is_faint
            ],
            "kept below the target by the true-peak ceiling of "
            f"{self.params.true_peak_ceiling_dbtp:.1f} dBTP": [
                name for name, gain in gains.items() if gain.limited
            ],
        }
        return tuple(f"{', '.join(names)}: {why}." for why, names in reasons.items() if names)

    def _warnings(self, gain: "_Gain") -> tuple[str, ...]:
        unit = "dBFS (RMS)" if self.params.measure == "rms" else "LUFS"
        if gain.measured_db is None:
            return (f"The song is {self._no_level}, so it has no level to normalize by.",)
        if gain.limited:
            return (
                f"The song was brought to {gain.measured_db + gain.db:.1f} {unit} instead of "
                f"{self.params.target_db:.1f}, because a track would have passed the true-peak "
                f"ceiling of {self.params.true_peak_ceiling_dbtp:.1f} dBTP.",
            )
        return ()


@dataclass(frozen=True)
class _Gain:
    """``db``: the applied gain. ``measured_db``: the level before it, None where there is none."""

    db: float
    measured_db: float | None
    limited: bool = False
    is_faint: bool = False


def _folder_of(track: Track) -> str:
    """The parts of several stems may have the same name."""
    return f"{FOLDER}/{track.folder}" if track.parent else FOLDER


def _delivered(context: StageContext) -> dict[str, Track]:
    return {
        name: track
        for name, track in context.tracks.items()
        if track.stage != NormalizationStage.name
    }


def _song_track(context: StageContext) -> Track:
    terms = (Term(path=context.require_song().path),)
    return Track(name="song", folder="", file_stem="song", stage="prepare", terms=terms)


def _highest_true_peak(levels: Iterable[Levels]) -> float | None:
    """In dBTP; None where all tracks are silent."""
    peaks = (level.true_peak_dbtp for level in levels)
    return max((peak for peak in peaks if peak is not None), default=None)
