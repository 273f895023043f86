"""separation: splits the song into stems with the requested separator.

Reads: the canonical song. Writes: one float file per stem. Tracks: one per stem in the separator's
own order, and ``residual``, the mixture minus all of them (a recipe, not a file), so that stems
plus residual always sum to the song. The folder is named after the separator that actually ran. A
stem that is missing or broken fails the stage with ``output_invalid``. Parameters: the fields of
:class:`separation.base.SeparatorOptions` that a person may choose.
"""

from pathlib import Path
from typing import Any, ClassVar

from separation.audio.tracks import Term, Track
from separation.errors import InvalidOptions
from separation.families import RESIDUAL, SEPARATED_SUFFIX, overlapping_words
from separation.options import ALLOW_REMOTE, ALLOW_SMALLER_MODEL, DEVICE, DeviceChoice
from separation.request.splits import SplitChoice
from separation.stage_table import SEPARATION
from separation.stages.base import PipelineStage, StageContext, StageParams, StageResult
from separation.stages.splitting import (
    Placement,
    Split,
    Splitter,
    identity_record,
    resumed_s,
    unavailable_record,
)

_ROUTE_FILE = ".separation-route.json"


def is_stem(track: Track) -> bool:
    return track.stage == SEPARATION and track.name != RESIDUAL


class SeparationParams(SplitChoice, StageParams):
    """See :class:`separation.request.splits.SplitChoice`."""

    repo: Path | None = None
    device: DeviceChoice = DEVICE.default
    allow_smaller_model: bool = ALLOW_SMALLER_MODEL.default
    allow_remote: bool = ALLOW_REMOTE.default

    def placement(self) -> Placement:
        return Placement(self.device, self.allow_smaller_model, self.allow_remote, self.repo)


class SeparationStage(PipelineStage[SeparationParams]):
    name: ClassVar[str] = SEPARATION
    processor_type: ClassVar[str] = "separator"
    version: ClassVar[int] = 1
    params_type: ClassVar[type[StageParams]] = SeparationParams
    needs: ClassVar[tuple[str, ...]] = ("prepare",)

    def __init__(self, params: SeparationParams) -> None:
        super().__init__(params)
        # One for the whole job, because it remembers the routes that could not take the job.
        self._splitter = Splitter(params, params.placement(), route_file=_ROUTE_FILE)

    def key_material(self, context: StageContext) -> dict[str, Any]:
        return self._splitter.key_material(context)

    def validate_input(self, context: StageContext) -> None:
        """Raises ``ModelUnavailable``, ``LicenceRefused``, and ``InvalidOptions`` for stems that
        the model lacks and for a model whose stems are no partition of the song."""
        self._splitter.check(context)
        if self._splitter.usable(context).is_overlapping:
            raise InvalidOptions(overlapping_words(self.params.separator, self.params.model))

    def execute(self, context: StageContext) -> StageResult:
        song = context.require_song()
        context.report(0.0, f"Separating stems with {self.params.separator}")
        made = self._splitter.split(
            context,
            context.work_dir / song.path,
            context.out_dir,
            context.report,
            context.checkpoints,
        )
        resumed = resumed_s(context.checkpoints)
        speed = (song.duration_s - (resumed or 0.0)) / made.seconds if made.seconds > 0 else None
        return StageResult(
            tracks=self._tracks(made, song.path, context.out_dir),
            warnings=made.identity.notes,
            details={
                **identity_record(made.identity),
                **unavailable_record(made.identity),
                "resumed_at_s": resumed,
                "routing": made.routing,
                "seconds": round(made.seconds, 3),
                "times_real_time": round(speed, 3) if speed is not None else None,
                "residual_dbfs": _rounded(made.residual_dbfs),
            },
        )

    def _tracks(self, made: Split, song_path: str, out_dir: Path) -> tuple[Track, ...]:
        folder = f"{made.identity.separator}{SEPARATED_SUFFIX}"
        terms = {
            stem: Term(path=f"{self.name}/{path.relative_to(out_dir).as_posix()}")
            for stem, path in made.files.items()
        }
        everything_else = (
            Term(path=song_path),
            *(Term(path=term.path, gain=-1.0) for term in terms.values()),
        )
        recipes = {**{stem: (term,) for stem, term in terms.items()}, RESIDUAL: everything_else}
        return tuple(
            Track(name=name, folder=folder, file_stem=name, stage=self.name, terms=recipe)
            for name, recipe in recipes.items()
        )


def _rounded(level: float | None) -> float | None:
    return round(level, 2) if level is not None else None
