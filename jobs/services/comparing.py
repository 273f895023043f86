"""Compares two results of one song: which results are comparable, and which stems they have."""

from dataclasses import dataclass

from jobs.errors import NotComparable
from jobs.models import Artifact, Job
from jobs.models.job import ACTIVE, JobStatus
from jobs.services.listening.index import Listening, listening_of, mixable_tracks
from jobs.services.listening.waveform import has_waveform

SIDES = ("A", "B")

MOST_STEMS = 16
"""The maximum for both sides together. A browser's channel splitter has 32 channels, and each stem
needs two."""


@dataclass(frozen=True)
class OtherResults:
    """Other results of a song, newest first. ``ready`` can be heard; ``coming`` are not finished.

    A version that a campaign offers counts when it is ready, but not while it is unfinished.
    """

    ready: list[Job]
    coming: list[Job]


@dataclass(frozen=True)
class Side:
    """One of the two results. ``stems``: by name, in the order of the pipeline."""

    letter: str
    job: Job
    listening: Listening
    stems: dict[str, Artifact]


def other_results(job: Job) -> OtherResults:
    """The results of the same owner for the same bytes, even if these were uploaded several times,
    and for the same range of the song."""
    same = Job.objects.filter(owner_id=job.owner_id, source__sha256=job.source.sha256)
    usable = same.filter(status__in=(*ACTIVE, JobStatus.COMPLETED), audio_deleted_at=None)
    others = usable.exclude(pk=job.pk).select_related("source").order_by("-created_at", "-id")
    found = [each for each in others if _requested_range(each) == _requested_range(job)]
    return OtherResults(
        ready=[each for each in found if not each.is_active and has_waveform(each)],
        coming=[each for each in found if each.is_active and not each.is_offered],
    )


def sides_of(first: Job, second: Job) -> tuple[Side, Side]:
    """The two sides of a comparison. The caller checks that the user may see both jobs.

    Raises ``NotComparable`` with the reason.
    """
    if first.pk == second.pk:
        raise NotComparable(
            "This is one and the same result on both sides. Choose another result of the song."
        )
    if first.source.sha256 != second.source.sha256:
        raise NotComparable(
            f"“{first.source.label}” and “{second.source.label}” are different "
            "songs. Only results of one and the same file can be compared."
        )
    a, b = (_side(*each) for each in zip(SIDES, (first, second), strict=True))
    ranges = [_separated_range(job) for job in (first, second)]
    if ranges[0] != ranges[1]:
        raise NotComparable(
            f"The two results are of different parts of the song: {_range_words(ranges[0])} and "
            f"{_range_words(ranges[1])}. Separate the same part again, and compare the two."
        )
    if _clock(a.listening) != _clock(b.listening):
        raise NotComparable(
            "The two results are not of the same length: they were made by different versions of "
            "stemsite. Separate the song again, and compare the newer ones."
        )
    if len(a.stems) + len(b.stems) > MOST_STEMS:
        raise NotComparable(
            f"The two results have {len(a.stems) + len(b.stems)} stems together, and a browser "
            f"plays {MOST_STEMS} at the same time. Separate the song again into fewer."
        )
    return a, b


def _requested_range(job: Job) -> tuple[float | None, float | None]:
    """The requested range, which is known before the job begins."""
    return job.request.get("range_start_s"), job.request.get("range_length_s")


def _separated_range(job: Job) -> tuple[float, float] | None:
    """The separated range in seconds of the song; None for the whole song."""
    separated = job.manifest.get("range")
    return (separated["start_s"], separated["end_s"]) if separated else None


def _range_words(part: tuple[float, float] | None) -> str:
    return f"seconds {part[0]:.0f} to {part[1]:.0f}" if part else "the whole of it"


def _side(letter: str, job: Job) -> Side:
    if job.audio_deleted_at is not None:
        raise NotComparable(
            f"The audio of result {letter} was deleted on {job.audio_deleted_at:%Y-%m-%d}, so it "
            "cannot be heard any more. Separate the song again to compare."
        )
    if job.status != JobStatus.COMPLETED:
        raise NotComparable(f"Result {letter} cannot be heard: {_state_words(job)}")
    stems = {track.name: track for track in mixable_tracks(job, list(job.artifacts.all()))}
    listening = listening_of(job)
    if listening is None or not stems:
        raise NotComparable(
            f"Result {letter} has no stems that a player could take: it was made without them, or "
            "by an older version of stemsite. Separate the song again to compare."
        )
    return Side(letter, job, listening, stems)


def _state_words(job: Job) -> str:
    if job.is_active:
        return "it is not finished yet. Come back when it is."
    ended = "it has failed" if job.status == JobStatus.FAILED else "it was cancelled"
    return f"{ended}. Retry it on its page."


def _clock(listening: Listening) -> tuple[int, ...]:
    """The values that must be equal in both results, so that positions in the song correspond."""
    return (
        listening.sample_rate_hz,
        listening.frames,
        listening.delay_samples,
        listening.frame_samples,
        listening.stride,
    )
