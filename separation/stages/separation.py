"""separation: splits the song into stems with the separator that was asked for.

Reads: the canonical song. Writes: one float file per stem. Tracks: one per stem in the separator's
own order, and ``residual``, the mixture minus all of them (a recipe, nothing is written), so that
stems plus residual are the song whatever was left out. The folder is named after the separator
that actually ran. A stem that is missing or broken fails the stage with ``output_invalid``.
Parameters: those of :class:`separation.base.SeparatorOptions` that a person may choose.
"""

import dataclasses
import logging
import time
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from separation.base import (
    SAMPLE_RATE_HZ,
    SeparatorIdentity,
    SeparatorModel,
    SeparatorOptions,
    separate_with,
)
from separation.catalogue.licences import LicenceRule
from separation.errors import InvalidOptions, ModelUnavailable, OutputInvalid
from separation.own_rows import all_rows
from separation.progress import part_of
from separation.routing import RoutedSeparator, is_routed
from separation.settled import settled_material
from separation.stages.base import PipelineStage, StageContext, StageParams, StageResult
from separation.stages.stem_check import check_stems
from separation.tracks import RESIDUAL, Term, Track

_SETTLED = ".separation-route.json"
_FOR_THE_ROUTES = {"separator", "allow_smaller_model", "allow_remote"}
_CHECK_FROM = 0.95
"""Where in the stage's bar the separator is done and reading back begins."""


def is_stem(track: Track) -> bool:
    return track.stage == SeparationStage.name and track.name != RESIDUAL


class SeparationParams(StageParams):
    """``segment_s`` in seconds, None for the model's own; ``stems`` None for all."""

    separator: str = "auto"
    model: str | None = None
    repo: Path | None = None
    stems: tuple[str, ...] | None = Field(default=None, min_length=1)
    two_stems: str | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    shifts: int = Field(default=0, ge=0, le=20)
    overlap: float = Field(default=0.25, ge=0.0, le=0.95)
    segment_s: float | None = Field(default=None, gt=0.0, le=600.0)
    seed: int = Field(default=0, ge=0, lt=2**32)
    allow_smaller_model: bool = False
    allow_remote: bool = True

    @model_validator(mode="after")
    def _one_choice_of_stems(self) -> Self:
        if self.stems is not None and self.two_stems is not None:
            raise ValueError("ask for `stems` or for `two_stems`, not for both")
        return self


class SeparationStage(PipelineStage[SeparationParams]):
    name: ClassVar[str] = "separation"
    processor_type: ClassVar[str] = "separator"
    version: ClassVar[int] = 1
    label: ClassVar[str] = "Separating stems"
    params_type: ClassVar[type[StageParams]] = SeparationParams
    needs: ClassVar[tuple[str, ...]] = ("prepare",)

    def __init__(self, params: SeparationParams) -> None:
        super().__init__(params)
        self._routed: RoutedSeparator | None = None

    def key_material(self, context: StageContext) -> dict[str, Any]:
        """What would run, without the device: the engine and precision say what matters of it."""
        separator = self._usable_separator(context)
        # Ahead of the identity, which would load too, but silently and deaf to a cancel.
        separator.load(report=part_of(context.report, 0.0, 0.0))
        identity = _as_details(separator.identity())
        material = {name: value for name, value in identity.items() if name != "device"}
        if self._routed is None:
            return material
        return settled_material(
            context.work_dir / _SETTLED,
            route=self._routed.route,
            question=self._question(context),
            material=material,
        )

    def validate_input(self, context: StageContext) -> None:
        """Raises ``ModelUnavailable``, ``LicenceRefused`` or, for stems that the model lacks,
        ``InvalidOptions``."""
        supported = self._usable_separator(context).get_supported_tracks()
        wanted = self.params.stems or ()
        if self.params.two_stems is not None:
            wanted = (self.params.two_stems,)
        unknown = [stem for stem in wanted if stem not in supported]
        if unknown:
            raise InvalidOptions(
                f"There is no stem {unknown[0]!r} here. There are: {', '.join(supported)}."
            )

    def execute(self, context: StageContext) -> StageResult:
        song = context.require_song()
        separator = self._usable_separator(context)
        mixture = context.work_dir / song.path
        expected = separator.get_supported_tracks()
        context.report(0.0, f"Separating stems with {self.params.separator}")
        started = time.monotonic()
        share = part_of(context.report, 0.0, _CHECK_FROM)
        paths = separate_with(separator, mixture, context.out_dir, share, context.checkpoints)
        seconds = time.monotonic() - started
        resumed_s = _resumed_s(context)
        identity = separator.identity()
        files = _delivered(expected, paths)
        residual_dbfs = check_stems(
            files, mixture, report=part_of(context.report, _CHECK_FROM, 1.0)
        )
        speed = (song.duration_s - (resumed_s or 0.0)) / seconds if seconds > 0 else None
        logging.getLogger(f"separator.{identity.separator}").info(
            "%s split %.1f s of audio in %.1f s", identity.model, song.duration_s, seconds
        )
        return StageResult(
            tracks=self._tracks(identity, files, song.path, context.out_dir),
            warnings=identity.notes,
            details={
                **_as_details(identity),
                "resumed_at_s": resumed_s,
                "routing": self._routed.told_steps() if self._routed else [],
                "seconds": round(seconds, 3),
                "times_real_time": round(speed, 3) if speed is not None else None,
                "residual_dbfs": round(residual_dbfs, 2) if residual_dbfs is not None else None,
            },
        )

    def _usable_separator(self, context: StageContext) -> SeparatorModel:
        if is_routed(self.params.separator):
            return self._routed_separator(context)
        separator = context.separators(self.params.separator, self._options(context))
        usable = separator.validate()
        if not usable:
            raise ModelUnavailable(
                f"The separator {self.params.separator!r} cannot run here: {usable.reason}"
            )
        return separator

    def _routed_separator(self, context: StageContext) -> RoutedSeparator:
        """One for the whole job, as it remembers which routes could not take it."""
        if self._routed is None:
            self._routed = RoutedSeparator(
                self.params.separator,
                self._options(context),
                context.separators,
                context.settings.routes,
                allow_remote=self.params.allow_remote,
                allow_smaller_model=self.params.allow_smaller_model,
            )
        return self._routed

    def _question(self, context: StageContext) -> dict[str, Any]:
        settings = context.settings
        asked = self.params.model_dump(mode="json")
        return {**asked, "engine": settings.engine, "precision": settings.precision}

    def _options(self, context: StageContext) -> SeparatorOptions:
        """Raises ``LicenceRefused``: the rule may have changed since the job was sent."""
        if self.params.repo is None:
            rule = LicenceRule(context.settings.licences, all_rows(context.settings.model_paths))
            rule.check_choice(self.params.separator, self.params.model)
        chosen = self.params.model_dump(exclude=_FOR_THE_ROUTES)
        return SeparatorOptions(
            **chosen,
            model_dir=context.settings.model_dir,
            model_paths=context.settings.model_paths,
            offline=context.settings.offline,
            hub_timeout_s=context.settings.hub_timeout_s,
            fetch_limit_s=context.settings.fetch_limit_s,
            engine=context.settings.engine,
            precision=context.settings.precision,
            cache_dir=context.settings.cache_dir,
            gpu_batch=context.settings.gpu_batch,
            remote=context.settings.remote,
            licences=context.settings.licences,
        )

    def _tracks(
        self, identity: SeparatorIdentity, files: dict[str, Path], song_path: str, out_dir: Path
    ) -> tuple[Track, ...]:
        folder = f"{identity.separator}_output"
        terms = {
            stem: Term(path=f"{self.name}/{path.relative_to(out_dir).as_posix()}")
            for stem, path in files.items()
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


def _resumed_s(context: StageContext) -> float | None:
    """Where in the song this attempt began; None at its beginning. What the details say of speed
    is about what came after that."""
    frames = context.checkpoints.resumed_frames if context.checkpoints else 0
    return round(frames / SAMPLE_RATE_HZ, 3) if frames else None


def _as_details(identity: SeparatorIdentity) -> dict[str, Any]:
    """Without what does not apply to most: the key of finished work is made of these."""
    details = {k: value for k, value in dataclasses.asdict(identity).items() if k != "notes"}
    if identity.source_digest is None:
        del details["source_digest"]
    return details


def _delivered(expected: list[str], paths: dict[str, Path]) -> dict[str, Path]:
    missing = [stem for stem in expected if stem not in paths]
    if missing:
        raise OutputInvalid(f"The separator did not deliver the stem {missing[0]!r}.")
    return {stem: paths[stem] for stem in expected}
