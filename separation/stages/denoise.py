"""denoise: stems with less steady noise, beside the stems themselves.

Reads: the stems that are named. Writes: ``<stem>.wav`` for each. Tracks, in the folder
``denoised``, each with the song's frames: ``<stem>_denoised``, another version of the stem. The
stem itself is kept.

Parameters: ``stems``, each with ``stem`` and ``strength``, 0 (no change) to 1 (noise goes down by
24 dB; see :mod:`separation.audio.noise` for the method and its sources). Default strength 0.5.

A song that is too short to tell noise from sound (1.7 s) is not changed, and a warning says so.
Errors: ``invalid_options``, with the stems of the job, for a stem that the job does not have; what
reading and writing raise; ``cancelled``.

Version 1: first.
"""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from separation.audio.blocks import FloatWriter
from separation.audio.noise import SHORTEST_FRAMES, reduce_noise
from separation.audio.tracks import Term, Track, TrackReader
from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.errors import InvalidOptions
from separation.progress import part_of
from separation.request.splits import DenoiseRequest, check_each_once
from separation.stage_table import DENOISE
from separation.stages.base import PipelineStage, StageContext, StageParams, StageResult
from separation.stages.separation import is_stem
from separation.stages.splitting import check_room

FOLDER = "denoised"


class DenoiseParams(StageParams):
    """See the module's docstring."""

    stems: tuple[DenoiseRequest, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_stem_once(self) -> Self:
        check_each_once([each.stem for each in self.stems])
        return self


class DenoiseStage(PipelineStage[DenoiseParams]):
    name: ClassVar[str] = DENOISE
    processor_type: ClassVar[str] = "restoration"
    version: ClassVar[int] = 1
    params_type: ClassVar[type[StageParams]] = DenoiseParams
    needs: ClassVar[tuple[str, ...]] = ("separation",)

    def validate_input(self, context: StageContext) -> None:
        stems = [name for name, track in context.tracks.items() if is_stem(track)]
        unknown = [each.stem for each in self.params.stems if each.stem not in stems]
        if unknown:
            raise InvalidOptions(
                f"There is no stem {unknown[0]!r} to reduce the noise of. "
                f"There are: {', '.join(stems)}."
            )

    def execute(self, context: StageContext) -> StageResult:
        count = len(self.params.stems)
        check_room(context, count)
        for place, each in enumerate(self.params.stems):
            share = part_of(context.report, place / count, (place + 1) / count)
            share(0.0, f"Reducing the noise of {each.stem.replace('_', ' ')}")
            with (
                TrackReader(context.tracks[each.stem], context.work_dir) as reader,
                FloatWriter(context.out_dir / f"{each.stem}.wav") as writer,
            ):
                reduce_noise(
                    reader, writer, strength=each.strength, channels=CHANNELS, report=share
                )
        return StageResult(
            tracks=tuple(self._track(each.stem) for each in self.params.stems),
            warnings=_warnings(context.require_song().frames),
        )

    def _track(self, stem: str) -> Track:
        return Track(
            name=f"{stem}_denoised",
            folder=FOLDER,
            file_stem=stem,
            stage=self.name,
            parent=stem,
            terms=(Term(path=f"{self.name}/{stem}.wav"),),
        )


def _warnings(frames: int) -> tuple[str, ...]:
    if frames >= SHORTEST_FRAMES:
        return ()
    return (
        f"The song is shorter than {SHORTEST_FRAMES / SAMPLE_RATE_HZ:.1f} s, in which noise cannot "
        "be told from sound: no noise was reduced.",
    )
