"""prepare: decodes the source once into the canonical song that all later stages read.

Reads: the job's source file. Writes: ``mixture.wav`` (44.1 kHz, two channels, float32 RF64, full
scale 1.0) and ``cover.bin`` where the source carries a picture. Tracks: none. The song's numbers
count decoded frames, never a header's claim. The operator sets the limits of a source
(``settings.limits``).

Parameters: ``start_s`` and ``length_s``, the part of the song that all later stages process instead
of the whole. Without a start it begins at a third of the song, where the vocals of most songs have
set in, or earlier if it would be cut short. A song that is no longer than ``length_s`` is kept
whole. The details and ``Song.range`` describe the part. The details also have ``outline``, the
levels from which pages draw the song while it waits (:mod:`separation.audio.metering.outline`).

Errors: those of decoding; ``invalid_options`` where the song ends before the start.
"""

from typing import Any, ClassVar

from pydantic import Field

from separation.audio.decoding.decode import DecodedSong, decode_to_canonical
from separation.audio.metering.outline import outline_of
from separation.audio.range import keep_range
from separation.audio.resample import frames_at
from separation.base import SAMPLE_RATE_HZ
from separation.errors import InvalidOptions
from separation.option_types import RangeStartS
from separation.progress import part_of
from separation.stages.base import (
    PipelineStage,
    Song,
    SongRange,
    StageContext,
    StageParams,
    StageResult,
)

MIXTURE_NAME = "mixture.wav"
_DECODED_AT = 0.9


class PrepareParams(StageParams):
    """The whole song where both are None."""

    start_s: RangeStartS | None = None
    length_s: float | None = Field(default=None, gt=0.0)


class PrepareStage(PipelineStage[PrepareParams]):
    name: ClassVar[str] = "prepare"
    processor_type: ClassVar[str] = "preparation"
    version: ClassVar[int] = 1
    params_type: ClassVar[type[StageParams]] = PrepareParams

    def execute(self, context: StageContext) -> StageResult:
        """Raises the named error of the source's fault, or ``Cancelled``."""
        decoded = decode_to_canonical(
            context.spec.input_path,
            context.out_dir / MIXTURE_NAME,
            context.settings.limits,
            report=part_of(context.report, 0.0, _DECODED_AT),
        )
        song = self._song(decoded)
        kept = self._range(song)
        if kept is not None:
            song = self._cut(song, kept, context)
        details: dict[str, Any] = {"outline": outline_of(context.out_dir / MIXTURE_NAME)}
        if song.range is not None:
            details["range"] = song.range.model_dump()
        return StageResult(song=song, details=details, warnings=decoded.warnings)

    def _range(self, song: Song) -> tuple[int, int] | None:
        """First frame and number of frames, at the source's rate; None for the whole song."""
        rate, params = song.source_rate_hz, self.params
        length = song.source_frames if params.length_s is None else round(params.length_s * rate)
        length = min(max(length, 1), song.source_frames)
        if params.start_s is None:
            start = min(song.source_frames // 3, song.source_frames - length)
        else:
            start = round(params.start_s * rate)
        if start >= song.source_frames:
            raise InvalidOptions(
                f"The range begins at {params.start_s:g} s, and the song ends at "
                f"{song.duration_s:.1f} s. Choose an earlier start."
            )
        length = min(length, song.source_frames - start)
        return None if length == song.source_frames else (start, length)

    def _cut(self, song: Song, kept: tuple[int, int], context: StageContext) -> Song:
        start, source_frames = kept
        rate = song.source_rate_hz
        first = start * SAMPLE_RATE_HZ // rate
        frames = min(frames_at(SAMPLE_RATE_HZ, source_frames, rate), song.frames - first)
        measure = keep_range(
            context.out_dir / MIXTURE_NAME,
            first,
            frames,
            part_of(context.report, _DECODED_AT, 1.0),
        )
        return song.model_copy(
            update={
                "frames": frames,
                "peak": measure.peak,
                "mean": measure.mean,
                "std": measure.std,
                "source_frames": source_frames,
                "duration_s": source_frames / rate,
                "range": SongRange(
                    start_s=start / rate,
                    end_s=(start + source_frames) / rate,
                    song_s=song.duration_s,
                    song_frames=song.source_frames,
                ),
            }
        )

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
