"""What the library shows of a job beside its status: what ran, how long the tracks are."""

from collections.abc import Iterable
from dataclasses import dataclass

from jobs.models import Job
from jobs.services.listening.index import has_cover
from jobs.services.listening.waveform import has_waveform
from jobs.web.results import separator_and_model

PREVIEW = "preview"


@dataclass(frozen=True)
class SongRow:
    """``length_s``: of the tracks. ``song_s``: of the whole song, where the tracks are a part.

    ``is_preview``: made by the preset of that name, whatever part of the song it took.
    """

    job: Job
    made_with: list[str]
    length_s: float
    song_s: float | None
    is_preview: bool
    has_cover: bool
    has_waveform: bool


def song_rows(jobs: Iterable[Job]) -> list[SongRow]:
    return [song_row(job) for job in jobs]


def song_row(job: Job) -> SongRow:
    song_s = job.source.duration_s
    length_s = _length_s(job)
    return SongRow(
        job=job,
        made_with=list(dict.fromkeys(separator_and_model(job))),
        length_s=length_s,
        song_s=song_s if length_s < song_s - 0.5 else None,
        is_preview=job.request.get("preset") == PREVIEW,
        has_cover=has_cover(job),
        has_waveform=has_waveform(job),
    )


def _length_s(job: Job) -> float:
    """As the job has measured it; before that, as it was requested."""
    measured = job.manifest.get("range")
    if measured:
        return float(measured["end_s"] - measured["start_s"])
    requested = job.request.get("range_length_s")
    song_s = job.source.duration_s
    return min(float(requested), song_s) if requested else song_s
