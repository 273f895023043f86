"""The file for DJs: the song and its four stems in one ``.stem.mp4``, written by ``export``.

Reads: the song and the stems drums, bass and vocals. The file's "other" is the song minus these
three: it contains the stem "other", guitar and piano of a six-stem model, and the residual. So the
four stems sum to the song (up to what AAC loses). All five tracks have one common gain, with which
none exceeds -1 dBTP. The sample rate is always 44.1 kHz, also where the other files have another.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from separation.audio.decoding.decode import read_cover
from separation.audio.encoding.stem_mp4 import (
    EXTENSION,
    LONGEST_S,
    STEMS,
    StemFileWriter,
    add_stem_manifest,
    verify_stem_file,
)
from separation.audio.metadata.tags import write_tags
from separation.audio.metering.loudness import Levels
from separation.audio.metering.track_levels import MeasuredLevels, measure_tracks, scaled_levels
from separation.audio.names import song_title
from separation.audio.tracks import Term, Track, TrackReader
from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.progress import Report, part_of
from separation.stages.base import ArtifactRecord, StageContext
from separation.stages.separation import is_stem
from separation.storage.atomic_files import digest_of, sync

NAME = "ni_stems"
FORMAT = "stem.mp4"
_PATH = f"{NAME}/stems{EXTENSION}"
_REST = "other"
_MEASURED_AT, _WRITTEN_AT = 0.2, 0.85
_CEILING = 10 ** (-1.0 / 20)
"""The highest true peak, as in all lossy files (:mod:`separation.stages.export`)."""


@dataclass(frozen=True)
class Made:
    """The file and its details for the manifest, or a warning that says why there is none."""

    record: ArtifactRecord | None = None
    details: dict[str, Any] | None = None
    warning: str | None = None

    def stage_details(self) -> dict[str, Any]:
        """The entry in the stage's details; empty where there is no file."""
        return {NAME: self.details} if self.details else {}


def write_ni_stems(context: StageContext, known: MeasuredLevels | None, report: Report) -> Made:
    """Write and verify the file below ``context.out_dir``, in blocks.

    ``known``: levels that earlier stages measured. Raises ``OutputInvalid``, ``DiskFull`` and what
    ``report`` raises.
    """
    song = context.require_song()
    stems = [name for name, track in context.tracks.items() if is_stem(track)]
    missing = [name for name in STEMS if name != _REST and name not in stems]
    if missing:
        return Made(warning=_missing_words(missing, stems))
    if song.frames > LONGEST_S * SAMPLE_RATE_HZ:
        return Made(
            warning=f"There is no file for DJs: it takes songs of {LONGEST_S / 3600:.0f} hours at "
            "most, as players do not find the stems in a larger one."
        )
    report(0.0, "Saving the file for DJs")
    tracks = _tracks(context)
    levels = measure_tracks(
        tracks, context.work_dir, known=known, report=part_of(report, 0.0, _MEASURED_AT)
    )
    gain = _common_gain(levels.values())
    _write(context, tracks, gain, part_of(report, _MEASURED_AT, _WRITTEN_AT))
    verify_stem_file(context.out_dir / _PATH, song.frames, lambda: report(_WRITTEN_AT))
    report(1.0, "File for DJs saved")
    in_other = [_REST, *(name for name in stems if name not in STEMS), "residual"]
    return Made(
        record=_record(context, levels[tracks[0].name], gain),
        details={
            "stems": list(STEMS),
            "other_holds": in_other,
            "gain_db": round(20 * math.log10(gain), 4),
        },
    )


def _missing_words(missing: list[str], stems: list[str]) -> str:
    return (
        f"There is no file for DJs: it needs drums, bass and vocals, and this job has no "
        f"{' and no '.join(missing)}. Its stems are {', '.join(stems) or 'none'}."
    )


def _tracks(context: StageContext) -> list[Track]:
    """The master and the four stems, in the order of the file."""
    song = Term(path=context.require_song().path)
    alone = {name: context.tracks[name].terms for name in STEMS if name != _REST}
    minus = (
        Term(path=term.path, gain=-term.gain) for terms in alone.values() for term in terms
    )  # fmt: skip
    recipes = {**alone, _REST: (song, *minus)}
    named = {"master": (song,), **{name: recipes[name] for name in STEMS}}
    return [
        Track(name=name, folder=NAME, file_stem=name, stage="export", terms=terms)
        for name, terms in named.items()
    ]


def _common_gain(levels: Iterable[Levels]) -> float:
    known = (peak for each in levels for peak in (each.true_peak_dbtp, each.peak_dbfs))
    highest = max((10 ** (peak / 20) for peak in known if peak is not None), default=0.0)
    return min(1.0, _CEILING / highest) if highest > 0 else 1.0


def _write(context: StageContext, tracks: list[Track], gain: float, report: Report) -> None:
    target = context.out_dir / _PATH
    target.parent.mkdir(parents=True, exist_ok=True)
    readers = [
        TrackReader(
            track.scaled(gain, name=track.name, folder=NAME, stage=track.stage), context.work_dir
        )
        for track in tracks
    ]
    try:
        with StemFileWriter(target) as writer:
            done = 0
            for blocks in zip(*(reader.blocks() for reader in readers), strict=True):
                writer.write(blocks)
                done += blocks[0].shape[1]
                report(done / readers[0].frames)
            writer.finish()
    finally:
        for reader in readers:
            reader.close()
    song = context.require_song()
    title = song.tags.get("title") or song_title(context.spec.input_name)
    cover = read_cover(context.work_dir / song.path)
    write_tags(target, {**song.tags, "title": title}, cover)
    add_stem_manifest(target)
    sync(target)


def _record(context: StageContext, master: Levels, gain: float) -> ArtifactRecord:
    """The record of the file; its levels are those of the master before encoding."""
    frames, levels = context.require_song().frames, scaled_levels(master, gain)
    digest = digest_of(context.out_dir / _PATH, lambda: context.report(1.0))
    return ArtifactRecord(
        name=NAME,
        path=_PATH,
        stage="export",
        format=FORMAT,
        sha256=digest.sha256,
        size_bytes=digest.size,
        frames=frames,
        sample_rate_hz=SAMPLE_RATE_HZ,
        channels=CHANNELS,
        duration_s=frames / SAMPLE_RATE_HZ,
        gain_db=20 * math.log10(gain),
        peak_dbfs=levels.peak_dbfs,
        true_peak_dbtp=levels.true_peak_dbtp,
        loudness_lufs=levels.loudness_lufs,
    )
