"""export: writes every track as a file of the chosen format and reads it back.

Reads: all tracks so far. Writes: ``<track folder>/<file stem><extension>`` for each, verified,
with the source's tags and cover. Tracks: none; artifacts: one per track. Tracks that are the same
sum of the same files are written once: the later ones name the file of the first (``same_as``).
Where a peak does not fit the format, one common gain lowers all tracks but the normalized ones, so
that stems plus residual still sum to the mixture times that gain. The normalized tracks have a
common gain of their own, which their ceiling usually makes 1. With ``ni_stems`` also one file for
DJs
(:mod:`separation.stages.ni_stems`).
Parameters: format, sample rate, MP3 bit rate, ni_stems. Pipelines that are older than the stage
:mod:`separation.stages.listening` have ``preview``: this stage then does the work of that one.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np

from separation import options
from separation.audio.blocks import LONG_BLOCK_FRAMES, FloatArray
from separation.audio.decoding.decode import read_cover
from separation.audio.encoding.encode import open_encoder
from separation.audio.encoding.encode_wav import PcmWavEncoder, WrittenWav, verify_written
from separation.audio.encoding.encoder import Encoder
from separation.audio.encoding.verify import verify_file
from separation.audio.metadata.tags import write_tags
from separation.audio.metering.loudness import Levels
from separation.audio.metering.track_levels import (
    LEVELS_NAME,
    MeasuredLevels,
    load_levels,
    measure_tracks,
    scaled_levels,
)
from separation.audio.names import song_title
from separation.audio.resample import Resampler, frames_at
from separation.audio.tracks import SoundKey, Track, TrackReader
from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.families import spoken_name
from separation.formats import FORMATS, ConcreteFormat, OutputFormat, extension_for, resolve_format
from separation.option_types import Mp3BitrateKbps
from separation.options import SampleRateHz
from separation.progress import Report, part_of
from separation.stage_table import LISTENING, NORMALIZATION, QUALITY
from separation.stages.base import (
    ArtifactRecord,
    PipelineStage,
    SidecarRecord,
    Song,
    StageContext,
    StageParams,
    StageResult,
)
from separation.stages.listening import make_playable
from separation.stages.ni_stems import Made, write_ni_stems
from separation.storage.atomic_files import FileDigest, digest_of, sync
from separation.system.parallel import in_parallel

_LOSSY_HEADROOM_DB = -1.0
"""Lossy codecs overshoot the peaks of their input; EBU R 128 (2023) allows -1 dBTP before such a
codec."""

SILENT_BELOW_DBFS = -60.0
"""A track with a lower peak may become silence in a 16-bit or lossy file."""

_MEASURED_AT = 0.15
_MEASURED_AT_LOSSY = 0.02
"""Where in the stage's bar measuring ends and writing begins, as timed with 24 tracks."""

_DELIVERED_AT = 0.4
"""Where the file for DJs begins: its five tracks are encoded one block after the other."""


class ExportParams(StageParams):
    """``format`` "same": the source's for WAV and MP3, else 16-bit WAV."""

    format: OutputFormat = options.FORMAT.default
    sample_rate_hz: SampleRateHz = options.SAMPLE_RATE_HZ.default
    mp3_bitrate_kbps: Mp3BitrateKbps = options.MP3_BITRATE_KBPS.default
    preview: bool = False
    ni_stems: bool = False


class ExportStage(PipelineStage[ExportParams]):
    name: ClassVar[str] = "export"
    processor_type: ClassVar[str] = "export"
    version: ClassVar[int] = 2
    params_type: ClassVar[type[StageParams]] = ExportParams
    needs: ClassVar[tuple[str, ...]] = ("prepare",)

    def execute(self, context: StageContext) -> StageResult:
        song = context.require_song()
        output_format = resolve_format(self.params.format, song.container, song.codec)
        tracks = list(context.tracks.values())
        if not tracks:
            return StageResult(details={"format": output_format})
        measured_at = _MEASURED_AT_LOSSY if FORMATS[output_format].is_lossy else _MEASURED_AT
        levels = measure_tracks(
            tracks,
            context.work_dir,
            sample_rate_hz=self.params.sample_rate_hz,
            known=self._known_levels(context),
            report=part_of(context.report, 0.0, measured_at),
        )
        gains = self._gains(tracks, levels, output_format)
        first_of = _first_of_each_sound(tracks, gains)
        deliveries = [
            _Delivery(
                self.params,
                output_format,
                track,
                levels[track.name],
                gains[track.stage == NORMALIZATION],
                song,
            )
            for track in tracks
            if first_of[track.name] == track.name
        ]
        delivered_at = _DELIVERED_AT if self.params.ni_stems else 1.0
        report = part_of(context.report, measured_at, delivered_at)
        written = in_parallel([delivery.bound_to(context) for delivery in deliveries], report)
        records = _named_by_all(tracks, first_of, written)
        for_djs = self._for_djs(context, part_of(context.report, delivered_at, 1.0))
        extra = (for_djs.record,) if for_djs.record else ()
        return StageResult(
            artifacts=(*records, *extra),
            sidecars=self._playable(context),
            details={**self._details(output_format, gains), **for_djs.stage_details()},
            warnings=(for_djs.warning,) if for_djs.warning else (),
        )

    def _for_djs(self, context: StageContext, report: Report) -> Made:
        if not self.params.ni_stems:
            return Made()
        return write_ni_stems(context, self._known_levels(context), report)

    def _playable(self, context: StageContext) -> tuple[SidecarRecord, ...]:
        """The files for the mixer, where an older pipeline requests them of this stage."""
        has_stage = any(stage.name == LISTENING for stage in context.spec.pipeline)
        if has_stage or not self.params.preview:
            return ()
        return make_playable(context, lambda _, message="": context.report(1.0, message))

    def _known_levels(self, context: StageContext) -> MeasuredLevels | None:
        """The levels of the last stage of this job that measured; they include those of the stages
        before it. Other folders may be from an attempt with other stages."""
        if any(stage.name == QUALITY for stage in context.spec.pipeline):
            return load_levels(context.work_dir / QUALITY / LEVELS_NAME)
        if any(track.stage == NORMALIZATION for track in context.tracks.values()):
            return load_levels(context.work_dir / NORMALIZATION / LEVELS_NAME)
        return None

    def _gains(
        self, tracks: list[Track], levels: Mapping[str, Levels], output_format: ConcreteFormat
    ) -> dict[bool, float]:
        """The common gain of the normalized tracks (True) and of all others (False)."""
        return {
            normalized: common_gain(
                (levels[t.name] for t in tracks if (t.stage == NORMALIZATION) == normalized),
                output_format,
            )
            for normalized in (False, True)
        }

    def _details(
        self, output_format: ConcreteFormat, gains: Mapping[bool, float]
    ) -> dict[str, object]:
        return {
            "format": output_format,
            "sample_rate_hz": self.params.sample_rate_hz,
            "gain_db": round(20 * math.log10(gains[False]), 4),
            "normalized_gain_db": round(20 * math.log10(gains[True]), 4),
        }


def _first_of_each_sound(tracks: list[Track], gains: Mapping[bool, float]) -> dict[str, str]:
    """From the name of each track to that of the first of the same sound: as a rule its own."""
    firsts: dict[SoundKey, str] = {}
    return {
        track.name: firsts.setdefault(
            track.sound_key(gains[track.stage == NORMALIZATION]), track.name
        )
        for track in tracks
    }


def _named_by_all(
    tracks: list[Track], first_of: Mapping[str, str], written: Iterable[ArtifactRecord]
) -> list[ArtifactRecord]:
    """A record for each track, in their order; of those of one sound all but the first say that
    they are the same."""
    known = {record.name: record for record in written}
    records = []
    for track in tracks:
        first = first_of[track.name]
        own = {"name": track.name, "stage": track.stage, "parent": track.parent, "note": track.note}
        same = {} if first == track.name else {"same_as": first}
        records.append(known[first].model_copy(update={**own, **same}))
    return records


def common_gain(levels: Iterable[Levels], output_format: ConcreteFormat) -> float:
    """The linear gain, at most 1, with which every track fits the format.

    ``levels`` at the delivered rate. Integer formats end one step below full scale. Lossy codecs
    change the values between the samples, so the true peak counts. Float WAV holds any level, so
    its gain is always 1.
    """
    if output_format == "wav32f":
        return 1.0
    bits = FORMATS[output_format].integer_bits
    ceiling = 10 ** (_LOSSY_HEADROOM_DB / 20) if bits is None else 1 - 2.0 ** (1 - bits)
    highest = max((_peak(level, between=bits is None) for level in levels), default=0)
    return min(1.0, ceiling / highest) if highest > 0 else 1.0


def _peak(levels: Levels, *, between: bool) -> float:
    """Highest magnitude, linear; with ``between`` also between the samples."""
    known = [levels.peak_dbfs, levels.true_peak_dbtp if between else None]
    return max((10 ** (level / 20) for level in known if level is not None), default=0.0)


def delivered_frames(song: Song, sample_rate_hz: int) -> int:
    """Exactly the source's frames at the source's rate, else the same time, rounded up."""
    return frames_at(sample_rate_hz, song.source_frames, song.source_rate_hz)


class _Delivery:
    """Writes one track into one file."""

    def __init__(
        self,
        params: ExportParams,
        output_format: ConcreteFormat,
        track: Track,
        levels: Levels,
        gain: float,
        song: Song,
    ) -> None:
        self._params = params
        self._format = output_format
        self._track = track
        self._levels = scaled_levels(levels, gain)
        self._gain = gain
        self._song = song
        self._frames = delivered_frames(song, params.sample_rate_hz)
        name = f"{track.file_stem}{extension_for(output_format)}"
        self._path = str(PurePosixPath(track.folder) / name)

    def bound_to(self, context: StageContext) -> Callable[[Report], ArtifactRecord]:
        return partial(self.write, context)

    def write(self, context: StageContext, report: Report) -> ArtifactRecord:
        """Encode, tag, push to the disk and read back. Raises ``OutputInvalid`` when the file does
        not hold the track."""
        title = spoken_name(self._track.name)
        report(0.0, f"Saving {title} track")
        target = context.out_dir / self._path
        target.parent.mkdir(parents=True, exist_ok=True)
        written = self._encode(target, context, report)
        self._tag(target, context)
        # Other threads encode other tracks while this one waits for the disk.
        sync(target)
        # Reading back hours of sound takes longer than a person waits for a cancel.
        record = self._verified(target, written, lambda: report(1.0))
        report(1.0, f"{title.capitalize()} track saved")
        return record

    def _encode(self, target: Path, context: StageContext, report: Report) -> WrittenWav | None:
        """Encode the track. Returns what was written where the encoder knows every byte of it."""
        rate = self._params.sample_rate_hz
        resampler = Resampler(SAMPLE_RATE_HZ, rate, CHANNELS)
        track = self._track
        if self._gain != 1.0:
            track = track.scaled(
                self._gain, name=track.name, folder=track.folder, stage=track.stage
            )
        with (
            TrackReader(track, context.work_dir) as reader,
            open_encoder(
                target,
                self._format,
                sample_rate_hz=rate,
                expected_frames=self._frames,
                mp3_bitrate_kbps=self._params.mp3_bitrate_kbps,
            ) as encoder,
        ):
            sink = _ExactLength(encoder, self._frames)
            done = 0
            for block in reader.blocks(LONG_BLOCK_FRAMES):
                sink.write(resampler.write(block))
                done += block.shape[1]
                report(done / reader.frames)
            sink.write(resampler.finish())
            sink.finish()
        return encoder.written if isinstance(encoder, PcmWavEncoder) else None

    def _tag(self, target: Path, context: StageContext) -> None:
        tags = dict(self._song.tags)
        title = tags.get("title") or song_title(context.spec.input_name)
        tags["title"] = f"{title} ({spoken_name(self._track.name)})"
        write_tags(target, tags, read_cover(context.work_dir / self._song.path))

    def _verified(
        self, target: Path, written: WrittenWav | None, check: Callable[[], None]
    ) -> ArtifactRecord:
        rate, levels = self._params.sample_rate_hz, self._levels
        digest = self._read_back(target, written, check)
        return ArtifactRecord(
            name=self._track.name,
            path=self._path,
            stage=self._track.stage,
            format=self._format,
            sha256=digest.sha256,
            size_bytes=digest.size,
            frames=self._frames,
            sample_rate_hz=rate,
            channels=CHANNELS,
            duration_s=self._frames / rate,
            gain_db=20 * math.log10(self._gain),
            peak_dbfs=levels.peak_dbfs,
            true_peak_dbtp=levels.true_peak_dbtp,
            loudness_lufs=levels.loudness_lufs,
            parent=self._track.parent,
            note=self._track.note,
        )

    def _read_back(
        self, target: Path, written: WrittenWav | None, check: Callable[[], None]
    ) -> FileDigest:
        """Prove that the file holds the track: by its bytes where this code wrote them, by decoding
        where a library did."""
        levels = self._levels
        may_be_silent = levels.peak_dbfs is None or levels.peak_dbfs < SILENT_BELOW_DBFS
        if written is not None:
            return verify_written(
                target, written, frames=self._frames, may_be_silent=may_be_silent, check=check
            )
        verify_file(
            target,
            frames=self._frames,
            channels=CHANNELS,
            sample_rate_hz=self._params.sample_rate_hz,
            may_be_silent=may_be_silent,
            check=check,
        )
        return digest_of(target, check)


class _ExactLength:
    """Cuts, or fills with zeros, to an exact length: rounding up to 44.1 kHz and back may add a
    frame."""

    def __init__(self, encoder: Encoder, frames: int) -> None:
        self._encoder = encoder
        self._missing = frames

    def write(self, block: FloatArray) -> None:
        kept = block[:, : self._missing]
        if kept.shape[1]:
            self._encoder.write(kept)
            self._missing -= kept.shape[1]

    def finish(self) -> None:
        if self._missing:
            self._encoder.write(np.zeros((CHANNELS, self._missing), dtype=np.float32))
            self._missing = 0
