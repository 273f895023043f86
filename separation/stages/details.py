"""Stems that are split again: a drum kit, lead and backing voice, a voice without its room, noise.

Reads: the stems, or the song. Writes: one float file for each child, in a folder for each parent.
Tracks, in the folder ``details/<parent>``, each with the song's frames: ``<parent>__<child>`` for
each child in the separator's own order, and ``<parent>__residual``, the parent minus all of them (a
recipe), so that children plus residual are the parent whatever was left out. A separator whose
stems overlap (:attr:`separation.base.SeparatorModel.is_overlapping`) has no residual: its children
are no partition, and nothing is promised of their sum.

Parameters: ``splits``, each with ``stem`` (a stem of this job, or ``song``) and what may be asked
of a separator (:class:`separation.request.splits.SplitChoice`); at most ``MAX_SPLITS``, each stem
once. ``device``, ``allow_smaller_model`` and ``allow_remote`` as in ``separation``.

Details: ``splits``, by parent: what ran, how it was routed, whether its stems overlap, what they
lack of the parent (``residual_dbfs``). A split that is finished is not done again after a crash,
and one that is not goes on in its middle where its separator can.

Errors: ``invalid_options`` for a stem that this job does not have, naming those it has, and for one
that the model does not give; ``model_unavailable``, ``disk_full``; what separators raise.

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
    Split,
    Splitter,
    Whereabouts,
    check_room,
    resumed_s,
    told_identity,
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
        where = Whereabouts(params.device, params.allow_smaller_model, params.allow_remote)
        self._splitters = {
            split.stem: Splitter(split, where, settled=f".details-{split.stem}-route.json")
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
        told: dict[str, Any] = {}
        count = len(self._splitters)
        # For all of them: the last one is not to fail for what was known before the first.
        check_room(context, sum(each.files_at_once(context) for each in self._splitters.values()))
        for place, (stem, splitter) in enumerate(self._splitters.items()):
            share = part_of(context.report, place / count, (place + 1) / count)
            share(0.0, f"Splitting {known[stem].name.replace('_', ' ')} again")
            made = self._split(context, known[stem], splitter, share)
            tracks += self._children(known[stem], made)
            warnings += [f"{stem}: {note}" for note in made.identity.notes]
            told[stem] = _told(made)
        resumed = resumed_s(context.checkpoints)
        return StageResult(
            tracks=tuple(tracks),
            warnings=tuple(warnings),
            details={"splits": told, "resumed_at_s": resumed},
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
            word: (term,) for word, term in zip(_words(made.files), terms, strict=True)
        }
        if not made.is_overlapping:
            taken = tuple(Term(path=term.path, gain=-1.0) for term in terms)
            recipes[RESIDUAL] = (*parent.terms, *taken)
        return [
            Track(
                name=child_name(parent.name, word),
                folder=f"{DETAILS}/{parent.name}",
                file_stem=word,
                stage=self.name,
                parent=parent.name,
                terms=recipe,
            )
            for word, recipe in recipes.items()
        ]


def parents(context: StageContext) -> dict[str, Track]:
    """What may be split again: the stems, and the song itself."""
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
    """Of a parent: what its children lack of it."""
    return track.parent is not None and track.file_stem == RESIDUAL


def _as_file(track: Track, work_dir: Path, target: Path, report: Report) -> Path:
    """A file that holds the track: its own, where it has one, or ``target``, made in blocks."""
    first, *others = track.terms
    if not others and first.gain == 1.0:
        return work_dir / first.path
    with TrackReader(track, work_dir) as reader, FloatWriter(target) as writer:
        for block in reader.blocks(LONG_BLOCK_FRAMES):
            writer.write(block)
            report(0.0)
    return target


def _words(stems: Iterable[str]) -> list[str]:
    """The names of stems as parts of addresses and of file names, no two alike, and none like that
    of what they leave."""
    words = [RESIDUAL]
    for stem in stems:
        word = re.sub(r"\W+", "_", stem).strip("_") or "part"
        while word in words:
            word += "_"
        words.append(word)
    return words[1:]


def _told(made: Split) -> dict[str, Any]:
    residual = made.residual_dbfs
    return {
        **told_identity(made.identity),
        "stems": list(made.files),
        "is_overlapping": made.is_overlapping,
        "routing": made.routing,
        "seconds": round(made.seconds, 3),
        "residual_dbfs": None if residual is None or made.is_overlapping else round(residual, 2),
    }
