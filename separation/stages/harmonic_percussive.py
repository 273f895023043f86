"""The harmonic and the percussive part of the song.

Reads: the song. Writes: ``harmonic.wav``, and ``percussive.wav`` where a margin is above 1.
Tracks, in the folder ``harmonic_percussive``: ``harmonic`` and ``percussive``, each with the
song's frames.

Parameters (librosa's names and defaults, so that the result is ``librosa.effects.hpss`` of each
channel; see :mod:`separation.audio.hpss` for the papers):

- ``kernel``: two odd windows, 1 to 511: of the median along time, in frames of 512 samples, and of
  the median along frequency, in bins of 21.5 Hz. Default 31, 31.
- ``power``: exponent of the soft masks, above 0 to 100. Default 2.
- ``margin``: how many times larger than the other part the harmonic and the percussive part must
  be, 1 to 100. Default 1, 1. Above 1 a third part, neither of the two, belongs to no track.

With margins of 1 the masks sum to one, so ``percussive`` is a recipe, the song minus
``harmonic``, and the two sum to the song exactly. A percussive part that is computed with its own
mask differs from this one by the rounding of a Fourier transform and its inverse, below 1e-6 of the
song's level (tested).

Errors: what reading and writing raise; ``cancelled``.

Version 1: first.
"""

from contextlib import ExitStack
from typing import Annotated

from pydantic import AfterValidator, Field

from separation.audio.blocks import BlockReader, FloatWriter
from separation.audio.hpss import HpssSettings, split
from separation.audio.tracks import Term, Track
from separation.stages.base import PipelineStage, StageContext, StageParams, StageResult


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError(f"a median needs an odd window, not {value}")
    return value


Kernel = Annotated[int, Field(ge=1, le=511), AfterValidator(_odd)]
Margin = Annotated[float, Field(ge=1.0, le=100.0)]


class HarmonicPercussiveParams(StageParams):
    """See the module's docstring."""

    kernel: tuple[Kernel, Kernel] = (31, 31)
    power: float = Field(default=2.0, gt=0.0, le=100.0)
    margin: tuple[Margin, Margin] = (1.0, 1.0)


class HarmonicPercussiveStage(PipelineStage[HarmonicPercussiveParams]):
    name = "harmonic_percussive"
    processor_type = "decomposition"
    version = 1
    params_type = HarmonicPercussiveParams
    needs = ("prepare",)

    def execute(self, context: StageContext) -> StageResult:
        song = context.require_song()
        settings = HpssSettings(
            kernel=self.params.kernel, power=self.params.power, margin=self.params.margin
        )
        with ExitStack() as stack:
            reader = stack.enter_context(BlockReader(context.work_dir / song.path))
            harmonic = stack.enter_context(FloatWriter(context.out_dir / "harmonic.wav"))
            percussive = (
                None
                if settings.complementary
                else stack.enter_context(FloatWriter(context.out_dir / "percussive.wav"))
            )
            split(reader, harmonic, percussive, settings=settings, report=context.report)
        harmonic_term = Term(path=f"{self.name}/harmonic.wav")
        percussive_terms = (
            (Term(path=song.path), Term(path=harmonic_term.path, gain=-1.0))
            if settings.complementary
            else (Term(path=f"{self.name}/percussive.wav"),)
        )
        return StageResult(
            tracks=(
                self._track("harmonic", harmonic_term),
                self._track("percussive", *percussive_terms),
            )
        )

    def _track(self, name: str, *terms: Term) -> Track:
        return Track(name=name, folder=self.name, file_stem=name, stage=self.name, terms=terms)
