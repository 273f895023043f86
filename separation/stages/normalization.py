"""All tracks at a chosen level, by one common gain.

Reads: the song and every track made so far. Writes: ``levels.json``, so that the export need not
measure the same sums again; each track becomes a recipe.
Tracks, in the folder ``normalized`` (parts of a stem in a folder of their own in there):
``<name>_normalized`` for every track. As the gain is the
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

from collections.abc import Iterable
from typing import Literal

from separation.audio.loudness import Levels
from separation.errors import InvalidOptions
from separation.ranges import TargetDb, TruePeakCeilingDbtp
from separation.stages.base import PipelineStage, StageContext, StageParams, StageResult
from separation.stages.mixdown import LEVELS_NAME, levels_of, measure_sums, save_levels
from separation.tracks import Term, Track

FOLDER = "normalized"


class NormalizationParams(StageParams):
    """See the module's docstring."""

    target_db: TargetDb = -20.0
    measure: Literal["rms", "lufs"] = "rms"
    true_peak_ceiling_dbtp: TruePeakCeilingDbtp = -1.0


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
        song = _song_track(context)
        measured = measure_sums([song, *tracks.values()], context.work_dir, report=context.report)
        save_levels(context.out_dir / LEVELS_NAME, measured)
        measured_db = self._level_of(levels_of([song], measured)[song.name])
        wanted_db = 0.0 if measured_db is None else self.params.target_db - measured_db
        ceiling_db = self.params.true_peak_ceiling_dbtp
        true_peak_db = _highest_true_peak(levels_of(list(tracks.values()), measured).values())
        limited = true_peak_db is not None and true_peak_db + wanted_db > ceiling_db
        gain_db = ceiling_db - true_peak_db if limited and true_peak_db is not None else wanted_db
        gain = 10.0 ** (gain_db / 20.0)
        return StageResult(
            tracks=tuple(
                track.scaled(
                    gain,
                    name=f"{track.name}_normalized",
                    folder=_folder_of(track),
                    stage=self.name,
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

    def _level_of(self, levels: Levels) -> float | None:
        return levels.loudness_lufs if self.params.measure == "lufs" else levels.rms_dbfs

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
