"""What a mixer plays and draws: made of the stems while they are exported, in the same read.

In the job's folder, beside the delivered tracks and no tracks themselves: ``listen/index.json``, a
small picture of the song's cover (:mod:`separation.audio.decoding.thumbnail`), and for each stem a
preview (:mod:`separation.audio.encoding.preview`) and peaks
(:mod:`separation.audio.metering.peaks`). The previews have the common gain of the tracks.
"""

import json
from pathlib import Path
from typing import Any

from separation.audio.blocks import FloatArray
from separation.audio.encoding import preview
from separation.audio.encoding.preview import PreviewWriter
from separation.audio.metering.activity import ActivityMeter
from separation.audio.metering.peaks import PeakMeter
from separation.audio.tracks import Track
from separation.base import SAMPLE_RATE_HZ
from separation.stages.base import SidecarRecord
from separation.stages.details import is_residual
from separation.stages.separation import is_stem
from separation.storage.atomic_files import digest_of
from separation.system.closeable import Closing

FOLDER = "listen"
INDEX_PATH = f"{FOLDER}/index.json"
INDEX_VERSION = 1
COVER_PATH = f"{FOLDER}/cover.jpg"
_WITH_ACTIVITY = "vocals"


def is_listened_to(track: Track) -> bool:
    """Stems, and what was made of a stem; residuals are far below what anybody hears, and sums are
    mixed from the stems."""
    return is_stem(track) or (track.parent is not None and not is_residual(track))


class ListeningWriter(Closing):
    """Takes one stem's blocks at 44.1 kHz, with the gain that it is delivered with."""

    def __init__(self, out_dir: Path, track: Track) -> None:
        self._out_dir = out_dir
        self._track = track
        self._preview_path = f"{FOLDER}/{track.name}.aac"
        self._peaks_path = f"{FOLDER}/{track.name}.peaks"
        (out_dir / FOLDER).mkdir(exist_ok=True)
        self._preview = PreviewWriter(out_dir / self._preview_path)
        self._peaks = PeakMeter()
        self._activity = ActivityMeter(SAMPLE_RATE_HZ) if track.name == _WITH_ACTIVITY else None

    def write(self, block: FloatArray) -> None:
        self._preview.write(block)
        self._peaks.write(block)
        if self._activity is not None:
            self._activity.write(block)

    def finish(self) -> dict[str, Any]:
        """Complete both files; the stem's entry in the index."""
        self._preview.finish()
        self._preview.close()
        peaks, levels = self._peaks.finish(SAMPLE_RATE_HZ)
        (self._out_dir / self._peaks_path).write_bytes(peaks)
        return {
            "name": self._track.name,
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


def write_index(out_dir: Path, entries: list[dict[str, Any]], frames: int) -> None:
    """``entries``: of the stems in their order, and of what was made of some of them; ``frames``:
    of the song at 44.1 kHz."""
    index = {
        "version": INDEX_VERSION,
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "frames": frames,
        "frame_samples": preview.FRAME_SAMPLES,
        "delay_samples": preview.DELAY_SAMPLES,
        "stride": preview.STRIDE,
        "content_type": preview.CONTENT_TYPE,
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
