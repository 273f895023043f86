"""prepare: decodes the source once into the canonical song that all later stages read.

Reads: the job's source file. Writes: ``mixture.wav`` (44.1 kHz, two channels, float32 RF64, full
scale 1.0) and ``cover.bin`` where the source carries a picture. Tracks: none. The song's numbers
count decoded frames, never a header's claim. Parameters: none; what a source may be is the
operator's to say (``settings.limits``), not the person's.
"""

from typing import ClassVar

from separation.audio.decode import DecodedSong, decode_to_canonical
from separation.stages.base import PipelineStage, Song, StageContext, StageParams, StageResult

MIXTURE_NAME = "mixture.wav"


class PrepareParams(StageParams):
    """Nothing to choose."""


class PrepareStage(PipelineStage[PrepareParams]):
    name: ClassVar[str] = "prepare"
    processor_type: ClassVar[str] = "preparation"
    version: ClassVar[int] = 1
    label: ClassVar[str] = "Loading audio file"
    params_type: ClassVar[type[StageParams]] = PrepareParams

    def execute(self, context: StageContext) -> StageResult:
        """Raises the named error of whatever is wrong with the source, or ``Cancelled``."""
        decoded = decode_to_canonical(
            context.spec.input_path,
            context.out_dir / MIXTURE_NAME,
            context.settings.limits,
            report=context.report,
        )
        return StageResult(song=self._song(decoded), warnings=decoded.warnings)

    def _song(self, decoded: DecodedSong) -> Song:
        return Song(
            path=f"{self.name}/{MIXTURE_NAME}",
            frames=decoded.frames,
            peak=decoded.peak,
            mean=decoded.mean,
            std=decoded.std,
            source_frames=decoded.source_frames,
            source_rate_hz=decoded.source_rate_hz,
            source_channels=decoded.source_channels,
            container=decoded.container,
            codec=decoded.codec,
            duration_s=decoded.duration_s,
            input_digest=decoded.input_digest,
            tags=decoded.tags,
        )
