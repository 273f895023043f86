"""prepare: decodes the source once into the canonical song that all later stages read.

Reads: the job's source file. Writes: ``mixture.wav`` (44.1 kHz, two channels, float32 RF64, full
scale 1.0) and ``cover.bin`` where the source carries a picture. Tracks: none. The song's numbers
count decoded frames, never a header's claim. What a source may be is the operator's to say
(``settings.limits``), not the person's.

Parameters: ``start_s`` and ``length_s``, a stretch of the song that takes the place of the whole in
all that follows. Without a start it begins at a third of the song, where most songs have come to
their voices; it never begins so late that it would be cut short. Of a song that is no longer than
``length_s`` all is kept. The details and ``Song.range`` say what was kept.

Errors: those of decoding; ``invalid_options`` where the song ends before the start.
"""

from typing import ClassVar

from pydantic import Field

from separation.audio.decoding.decode import DecodedSong, decode_to_canonical
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
    """Both None: the whole song."""

    start_s: RangeStartS | None = None
    length_s: float | None = Field(default=None, gt=0.0)


class PrepareStage(PipelineStage[PrepareParams]):
    name: ClassVar[str] = "prepare"
    processor_type: ClassVar[str] = "preparation"
    version: ClassVar[int] = 1
    params_type: ClassVar[type[StageParams]] = PrepareParams

    def execute(self, context: StageContext) -> StageResult:
        """Raises the named error of whatever is wrong with the source, or ``Cancelled``."""
        decoded = decode_to_canonical(
            context.spec.input_path,
            context.out_dir / MIXTURE_NAME,
            context.settings.limits,
            report=part_of(context.report, 0.0, _DECODED_AT),
        )
        song = self._song(decoded)
        stretch = self._stretch(song)
        if stretch is None:
            return StageResult(song=song, warnings=decoded.warnings)
        song = self._cut(song, stretch, context)
        assert song.range is not None
        return StageResult(
            song=song, details={"range": song.range.model_dump()}, warnings=decoded.warnings
        )

    def _stretch(self, song: Song) -> tuple[int, int] | None:
        """First frame and how many, of the source's own; None for all of them."""
        rate, wanted = song.source_rate_hz, self.params
        length = song.source_frames if wanted.length_s is None else round(wanted.length_s * rate)
        length = min(max(length, 1), song.source_frames)
        if wanted.start_s is None:
            start = min(song.source_frames // 3, song.source_frames - length)
        else:
            start = round(wanted.start_s * rate)
        if start >= song.source_frames:
            raise InvalidOptions(
                f"The range begins at {wanted.start_s:g} s, and the song ends at "
                f"{song.duration_s:.1f} s. Choose an earlier start."
            )
        length = min(length, song.source_frames - start)
        return None if length == song.source_frames else (start, length)

    def _cut(self, song: Song, stretch: tuple[int, int], context: StageContext) -> Song:
        start, source_frames = stretch
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
