"""quality: reports how good each stem is.

Reads: the song; the stems, which are the tracks of the stage ``separation`` other than
``residual``; and the parts that stems were split into. Writes: ``levels.json``, so that the export
need not measure the same again. Tracks: none; the result is a report
(:mod:`separation.quality.report`), which goes into the manifest. The stage warns of nothing: a bad
separation is still a result, and the report says what is wrong with it.

The stage takes loudness and true peak from the normalization. Where that did not run, or the tracks
are delivered at another rate, it measures them itself, at that rate. Memory does not grow with the
song.

Parameters: none. Errors: what reading raises; ``cancelled``.

Version 1: first.
"""

from typing import Any

from separation.audio.metering.track_levels import (
    LEVELS_NAME,
    MeasuredLevels,
    levels_of,
    load_levels,
    measure_sums,
    save_levels,
)
from separation.audio.tracks import Term, Track
from separation.base import SAMPLE_RATE_HZ
from separation.progress import Report, part_of
from separation.quality.measurement import survey
from separation.quality.parts import judge_parts
from separation.quality.rating import judge
from separation.quality.report import PartsQuality
from separation.stage_table import DETAILS, NORMALIZATION
from separation.stages.base import PipelineStage, StageContext, StageParams, StageResult
from separation.stages.details import is_residual, parents
from separation.stages.separation import is_stem

_MEASURED_AT, _SURVEYED_AT = 0.3, 0.85
"""Where in the stage's bar measuring the levels ends, and where the parts of stems begin."""


class QualityParams(StageParams):
    """The stage has no parameters."""


class QualityStage(PipelineStage[QualityParams]):
    name = "quality"
    processor_type = "analysis"
    version = 1
    params_type = QualityParams
    needs = ("prepare", "separation")

    def key_material(self, context: StageContext) -> dict[str, Any]:
        """The levels are those at the rate of the delivered tracks."""
        return {"sample_rate_hz": _delivered_rate_hz(context)}

    def execute(self, context: StageContext) -> StageResult:
        song = Track(
            name="song",
            folder="",
            file_stem="song",
            stage="prepare",
            terms=(Term(path=context.require_song().path),),
        )
        stems = [track for track in context.tracks.values() if is_stem(track)]
        measured = measure_sums(
            [song, *stems],
            context.work_dir,
            sample_rate_hz=_delivered_rate_hz(context),
            known=_known(context),
            report=part_of(context.report, 0.0, _MEASURED_AT),
        )
        save_levels(context.out_dir / LEVELS_NAME, measured)
        found = survey(
            song,
            stems,
            context.work_dir,
            report=part_of(context.report, _MEASURED_AT, _SURVEYED_AT),
        )
        levels = levels_of([song, *stems], measured)
        details = self._details(context, part_of(context.report, _SURVEYED_AT, 1.0))
        report = judge(
            found,
            [stem.name for stem in stems],
            levels,
            levels[song.name],
            complete=_all_stems_requested(context),
        )
        return StageResult(quality=report.model_copy(update={"details": details}))

    def _details(self, context: StageContext, report: Report) -> tuple[PartsQuality, ...]:
        stages = [stage for stage in context.spec.pipeline if stage.name == DETAILS]
        splits = {each["stem"]: each for stage in stages for each in stage.params["splits"]}
        found = []
        for place, (stem, split) in enumerate(splits.items()):
            children = [track for track in context.tracks.values() if track.parent == stem]
            parts = [track for track in children if track.stage == DETAILS]
            found.append(
                judge_parts(
                    parents(context)[stem],
                    [track for track in parts if not is_residual(track)],
                    context.work_dir,
                    complete=split.get("stems") is None,
                    overlapping=not any(is_residual(track) for track in parts),
                    report=part_of(report, place / len(splits), (place + 1) / len(splits)),
                )
            )
        return tuple(found)


def _known(context: StageContext) -> MeasuredLevels | None:
    """What the normalization measured, if this job has one: its folder may be from an attempt with
    other stages."""
    if not any(track.stage == NORMALIZATION for track in context.tracks.values()):
        return None
    return load_levels(context.work_dir / NORMALIZATION / LEVELS_NAME)


def _delivered_rate_hz(context: StageContext) -> int:
    export = (stage.params for stage in context.spec.pipeline if stage.name == "export")
    return int(next(export, {}).get("sample_rate_hz", SAMPLE_RATE_HZ))


def _all_stems_requested(context: StageContext) -> bool:
    """Whether the request includes all stems of the model, as two-stem mode does."""
    separation = next(stage for stage in context.spec.pipeline if stage.name == "separation")
    return separation.params.get("stems") is None
