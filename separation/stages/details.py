"""Stems that are split again: a drum kit, lead and backing voice, a voice without its room, noise.

Reads: the stems, or the song. Writes: one float file for each child, in a folder for each parent.
Tracks, in the folder ``details/<parent>``, each with the song's frames: ``<parent>__<child>`` for
each child in the separator's own order, and ``<parent>__residual``, the parent minus all of them (a
recipe), so that children plus residual always sum to the parent. A separator whose stems overlap
(:attr:`separation.base.SeparatorModel.is_overlapping`) has no residual: its children are no
partition, and their sum is not the parent.

Parameters: ``splits``, each with ``stem`` (a stem of this job, or ``song``) and the options of a
separator (:class:`separation.request.splits.SplitChoice`); at most ``MAX_SPLITS``, each stem once.
``device``, ``allow_smaller_model`` and ``allow_remote`` as in ``separation``.

Details: ``splits``, by parent: what ran, its route, whether its stems overlap, and what they lack
of the parent (``residual_dbfs``). After a crash a finished split is kept, and an unfinished one
resumes in its middle if its separator can.

Errors: ``invalid_options``, with the stems of the job, for a stem that the job does not have, and
for one that the model does not give; ``model_unavailable``, ``disk_full``; what separators raise.

Version 1: first.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from separation.audio.blocks import LONG_BLOCK_FRAMES, FloatWriter
from separation.audio.tracks import Term, Track, TrackReader
from separation.errors import InvalidOptions
from separation.families import RESIDUAL, SONG, child_name
from separation.options import ALLOW_REMOTE, ALLOW_SMALLER_MODEL, DEVICE, DeviceChoice
from separation.progress import Report, part_of
from separation.request.splits import MAX_SPLITS, SplitRequest, check_each_once
from separation.stage_table import DETAILS
from separation.stages.base import PipelineStage, StageContext, StageParams, StageResult
from separation.stages.separation import is_stem
from separation.stages.splitting import (
    Placement,
    Split,
    Splitter,
    check_room,
    identity_record,
    resumed_s,
)


class DetailsParams(StageParams):
    """See the module's docstring."""

    splits: tuple[SplitRequest, ...] = Field(min_length=1, max_length=MAX_SPLITS)
    device: DeviceChoice = DEVICE.default
    allow_smaller_model: bool = ALLOW_SMALLER_MODEL.default
    allow_remote: bool = ALLOW_REMOTE.default

    @model_validator(mode="after")
    def _each_stem_once(self) -> Self:
        check_each_once([split.stem for split in self.splits])
        return self


class DetailsStage(PipelineStage[DetailsParams]):
    name: ClassVar[str] = DETAILS
    processor_type: ClassVar[str] = "separator"
    version: ClassVar[int] = 1
    params_type: ClassVar[type[StageParams]] = DetailsParams
    needs: ClassVar[tuple[str, ...]] = ("prepare",)

    def __init__(self, params: DetailsParams) -> None:
        super().__init__(params)
        placement = Placement(params.device, params.allow_smaller_model, params.allow_remote)
        self._splitters = {
            split.stem: Splitter(split, placement, route_file=f".details-{split.stem}-route.json")
            for split in params.splits
        }

    def key_material(self, context: StageContext) -> dict[str, Any]:
        return {stem: splitter.key_material(context) for stem, splitter in self._splitters.items()}

    def validate_input(self, context: StageContext) -> None:
        known = parents(context)
        unknown = [stem for stem in self._splitters if stem not in known]
        if unknown:
            raise InvalidOptions(
                f"There is no stem {unknown[0]!r} to split again. There are: {', '.join(known)}."
            )
        for splitter in self._splitters.values():
            splitter.check(context)

    def execute(self, context: StageContext) -> StageResult:
        known = parents(context)
        tracks: list[Track] = []
        warnings: list[str] = []
        records: dict[str, Any] = {}
        count = len(self._splitters)
        # Room for all splits, so that the last one does not fail for a reason known at the start.
        check_room(context, sum(each.files_at_once(context) for each in self._splitters.values()))
        for place, (stem, splitter) in enumerate(self._splitters.items()):
            share = part_of(context.report, place / count, (place + 1) / count)
            share(0.0, f"Splitting {known[stem].name.replace('_', ' ')} again")
            made = self._split(context, known[stem], splitter, share)
            tracks += self._children(known[stem], made)
            warnings += [f"{stem}: {note}" for note in made.identity.notes]
            records[stem] = _record(made)
        resumed = resumed_s(context.checkpoints)
        return StageResult(
            tracks=tuple(tracks),
            warnings=tuple(warnings),
            details={"splits": records, "resumed_at_s": resumed},
        )

    def _split(
        self, context: StageContext, parent: Track, splitter: Splitter, report: Report
    ) -> Split:
        folder = context.out_dir / parent.name
        folder.mkdir(exist_ok=True)
        checkpoints = context.checkpoints
        part = checkpoints.part(parent.name) if checkpoints is not None else None
        rendered = context.out_dir / f".{parent.name}.wav"
        try:
            source = _as_file(parent, context.work_dir, rendered, report)
            return splitter.split(context, source, folder, report, part, is_part=True)
        finally:
            rendered.unlink(missing_ok=True)

    def _children(self, parent: Track, made: Split) -> list[Track]:
        terms = [
            Term(path=f"{self.name}/{parent.name}/{path.name}") for path in made.files.values()
        ]
        recipes: dict[str, tuple[Term, ...]] = {
            name: (term,) for name, term in zip(_child_names(made.files), terms, strict=True)
        }
        if not made.is_overlapping:
            taken = tuple(Term(path=term.path, gain=-1.0) for term in terms)
            recipes[RESIDUAL] = (*parent.terms, *taken)
        return [
            Track(
                name=child_name(parent.name, name),
                folder=f"{DETAILS}/{parent.name}",
                file_stem=name,
                stage=self.name,
                parent=parent.name,
                terms=recipe,
            )
            for name, recipe in recipes.items()
        ]


def parents(context: StageContext) -> dict[str, Track]:
    """The tracks that may be split again: the stems, and the song itself."""
    song = Track(
        name=SONG,
        folder="",
        file_stem=SONG,
        stage="prepare",
        terms=(Term(path=context.require_song().path),),
    )
    stems = {name: track for name, track in context.tracks.items() if is_stem(track)}
    return {**stems, SONG: song}


def is_residual(track: Track) -> bool:
    """Whether a track is what the children of its parent lack of it."""
    return track.parent is not None and track.file_stem == RESIDUAL


def _as_file(track: Track, work_dir: Path, target: Path, report: Report) -> Path:
    """A file with the track: its own file if it has one, else ``target``, written in blocks."""
    first, *others = track.terms
    if not others and first.gain == 1.0:
        return work_dir / first.path
    with TrackReader(track, work_dir) as reader, FloatWriter(target) as writer:
        for block in reader.blocks(LONG_BLOCK_FRAMES):
            writer.write(block)
            report(0.0)
    return target


def _child_names(stems: Iterable[str]) -> list[str]:
    """The names of stems as parts of addresses and of file names. All are different, and none is
    the name of the residual."""
    names = [RESIDUAL]
    for stem in stems:
        name = re.sub(r"\W+", "_", stem).strip("_") or "part"
        while name in names:
            name += "_"
        names.append(name)
    return names[1:]


def _record(made: Split) -> dict[str, Any]:
    residual = made.residual_dbfs
    return {
        **identity_record(made.identity),
        "stems": list(made.files),
        "is_overlapping": made.is_overlapping,
        "routing": made.routing,
        "seconds": round(made.seconds, 3),
        "residual_dbfs": None if residual is None or made.is_overlapping else round(residual, 2),
    }
