"""listening: makes the stems playable before anything is delivered.

Reads: the stems and the tracks made from a stem. Writes, in the job's folder and not as tracks:
``listen/index.json``, a small picture of the song's cover
(:mod:`separation.audio.decoding.thumbnail`), and for each stem a preview
(:mod:`separation.audio.encoding.preview`) and peaks (:mod:`separation.audio.metering.peaks`).
Tracks: none.

The gain of the delivered files is not known yet. Previews have the stems' own level, lowered by one
common gain where they would clip; the index has this gain as ``preview_gain_db``. A player applies
the gain of the delivered tracks minus ``preview_gain_db``. Before the tracks are delivered it
applies ``gain_db``, which is the gain of lossless files unless another track is louder than the
stems.

Parameters: none. Errors: what reading and writing raise; ``cancelled``.

Version 1: first. In older pipelines ``export`` does this, with its parameter ``preview``.
"""

import json
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from separation.audio.blocks import LONG_BLOCK_FRAMES, FloatArray
from separation.audio.decoding.decode import read_cover
from separation.audio.decoding.thumbnail import make_thumbnail
from separation.audio.encoding import preview
from separation.audio.encoding.preview import PreviewWriter
from separation.audio.metering.activity import ActivityMeter
from separation.audio.metering.peaks import PeakMeter
from separation.audio.tracks import Track, TrackReader
from separation.base import SAMPLE_RATE_HZ
from separation.families import spoken_name
from separation.progress import Report, part_of
from separation.stage_table import LISTENING
from separation.stages.base import (
    PipelineStage,
    SidecarRecord,
    StageContext,
    StageParams,
    StageResult,
)
from separation.stages.details import is_residual
from separation.stages.separation import is_stem
from separation.storage.atomic_files import digest_of
from separation.system.closeable import Closing
from separation.system.parallel import in_parallel

FOLDER = "listen"
INDEX_PATH = f"{FOLDER}/index.json"
INDEX_VERSION = 2
"""In version 1 previews have the gain of the delivered tracks, so a player applies none."""

COVER_PATH = f"{FOLDER}/cover.jpg"
_WITH_ACTIVITY = "vocals"
_CEILING_DB = -1.0
"""The codec overshoots the peaks of its input, and some browsers decode to integers; EBU R 128
(2023) leaves 1 dB for that."""

_MEASURED_AT = 0.1
"""Where in the stage's bar measuring ends."""


class ListeningParams(StageParams):
    """The stage has no parameters."""


class ListeningStage(PipelineStage[ListeningParams]):
    name: ClassVar[str] = LISTENING
    processor_type: ClassVar[str] = "preview"
    version: ClassVar[int] = 1
    params_type: ClassVar[type[StageParams]] = ListeningParams
    needs: ClassVar[tuple[str, ...]] = ("prepare",)

    def execute(self, context: StageContext) -> StageResult:
        return StageResult(sidecars=make_playable(context, context.report))


def make_playable(context: StageContext, report: Report) -> tuple[SidecarRecord, ...]:
    """Write all files of the mixer below ``context.out_dir``; none where there are no stems."""
    tracks = [track for track in context.tracks.values() if is_listened_to(track)]
    if not tracks:
        return ()
    measured = in_parallel(
        [partial(_peak, track, context.work_dir) for track in tracks],
        part_of(report, 0.0, _MEASURED_AT),
    )
    highest = max(measured)
    gain = min(1.0, 10 ** (_CEILING_DB / 20) / highest) if highest > 0 else 1.0
    (context.out_dir / FOLDER).mkdir(exist_ok=True)
    parts: list[Callable[[Report], dict[str, Any] | None]] = [
        *(partial(_write_stem, context, track, gain) for track in tracks),
        partial(_write_cover, context),
    ]
    made = in_parallel(parts, part_of(report, _MEASURED_AT, 1.0))
    entries = [entry for entry in made if entry is not None]
    expected = min(1.0, 1 / highest) if highest > 0 else 1.0
    write_index(
        context.out_dir,
        entries,
        context.require_song().frames,
        preview_gain_db=20 * math.log10(gain),
        gain_db=20 * math.log10(expected / gain),
    )
    return sidecars_of(context.out_dir, entries)


def _peak(track: Track, work_dir: Path, report: Report) -> float:
    """The highest magnitude, linear."""
    highest, done = 0.0, 0
    with TrackReader(track, work_dir) as reader:
        for block in reader.blocks(LONG_BLOCK_FRAMES):
            # numpy.abs would copy the block.
            highest = max(highest, float(block.max()), -float(block.min()))
            done += block.shape[1]
            report(done / reader.frames)
    return highest


def _write_stem(context: StageContext, track: Track, gain: float, report: Report) -> dict[str, Any]:
    report(0.0, f"Making {spoken_name(track.name)} playable")
    scaled = track
    if gain != 1.0:
        scaled = track.scaled(gain, name=track.name, folder=track.folder, stage=track.stage)
    done = 0
    with (
        TrackReader(scaled, context.work_dir) as reader,
        ListeningWriter(context.out_dir, track) as writer,
    ):
        for block in reader.blocks(LONG_BLOCK_FRAMES):
            writer.write(block)
            done += block.shape[1]
            report(done / reader.frames)
        return writer.finish()


def _write_cover(context: StageContext, report: Report) -> None:
    if cover := read_cover(context.work_dir / context.require_song().path):
        make_thumbnail(cover, context.out_dir / COVER_PATH)
    report(1.0)


def is_listened_to(track: Track) -> bool:
    """Stems, and tracks made from a stem. Residuals are inaudible, and the player mixes sums from
    the stems."""
    return is_stem(track) or (track.parent is not None and not is_residual(track))


class ListeningWriter(Closing):
    """Writes one stem from blocks at 44.1 kHz; no sample may exceed full scale."""

    def __init__(self, out_dir: Path, track: Track) -> None:
        self._out_dir = out_dir
        self._track = track
        self._preview_path = f"{FOLDER}/{track.name}.aac"
        self._peaks_path = f"{FOLDER}/{track.name}.peaks"
        self._preview = PreviewWriter(out_dir / self._preview_path)
        self._peaks = PeakMeter()
        self._activity = ActivityMeter(SAMPLE_RATE_HZ) if track.name == _WITH_ACTIVITY else None

    def write(self, block: FloatArray) -> None:
        self._preview.write(block)
        self._peaks.write(block)
        if self._activity is not None:
            self._activity.write(block)

    def finish(self) -> dict[str, Any]:
        """Complete both files and return the stem's entry for the index."""
        self._preview.finish()
        self._preview.close()
        peaks, levels = self._peaks.finish(SAMPLE_RATE_HZ)
        (self._out_dir / self._peaks_path).write_bytes(peaks)
        return {
            "name": self._track.name,
            "stage": self._track.stage,
            **({"parent": self._track.parent} if self._track.parent else {}),
            "preview": self._preview_path,
            "size_bytes": (self._out_dir / self._preview_path).stat().st_size,
            "offsets": self._preview.offsets,
            "peaks": self._peaks_path,
            "peak_levels": [
                {"samples": level.samples, "offset": level.offset, "count": level.pairs}
                for level in levels
            ],
            "activity": self._activity.intervals() if self._activity is not None else None,
        }

    def close(self) -> None:
        self._preview.close()


def write_index(
    out_dir: Path,
    entries: list[dict[str, Any]],
    frames: int,
    *,
    preview_gain_db: float,
    gain_db: float,
) -> None:
    """``entries``: those of the stems in their order, and of the tracks made from stems.
    ``frames``: of the song at 44.1 kHz. For the gains see the module's docstring."""
    index = {
        "version": INDEX_VERSION,
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "frames": frames,
        "frame_samples": preview.FRAME_SAMPLES,
        "delay_samples": preview.DELAY_SAMPLES,
        "stride": preview.STRIDE,
        "content_type": preview.CONTENT_TYPE,
        "preview_gain_db": round(preview_gain_db, 6),
        "gain_db": round(gain_db, 6),
        "stems": [entry for entry in entries if "parent" not in entry],
        "parts": [entry for entry in entries if "parent" in entry],
    }
    (out_dir / INDEX_PATH).write_text(json.dumps(index, separators=(",", ":")))


def sidecars_of(out_dir: Path, entries: list[dict[str, Any]]) -> tuple[SidecarRecord, ...]:
    paths = [entry[kind] for entry in entries for kind in ("preview", "peaks")]
    if (out_dir / COVER_PATH).is_file():
        paths.append(COVER_PATH)
    return tuple(_record(out_dir, path) for path in [*paths, INDEX_PATH])


def _record(out_dir: Path, path: str) -> SidecarRecord:
    digest = digest_of(out_dir / path)
    return SidecarRecord(path=path, sha256=digest.sha256, size_bytes=digest.size)
