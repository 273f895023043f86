"""What the script of the mixer is told of a job: addresses, indexes, times."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from jobs.models import Artifact, Job
from jobs.models.job import JobStatus
from jobs.services.listening import Listening, ListeningStem, listening_of

MOST_STEMS = 16
"""Two channels each of the 32 that a browser's channel splitter has."""


@dataclass(frozen=True)
class Lane:
    """One stem of the mixer; ``key`` is the digit that plays it alone, if there is one."""

    track: Artifact
    number: int

    @property
    def key(self) -> str:
        return str(self.number) if self.number < 10 else ""


def lanes(job: Job, artifacts: list[Artifact]) -> list[Lane]:
    """The stems that can be mixed, in the order of the pipeline; none where there is no preview."""
    if job.status != JobStatus.COMPLETED or job.audio_deleted_at is not None:
        return []
    listening = listening_of(job)
    if listening is None:
        return []
    tracks = [artifact for artifact in artifacts if listening.stem(artifact.name)]
    return [Lane(track, number) for number, track in enumerate(tracks[:MOST_STEMS], start=1)]


def song(job: Job, listening: Listening) -> dict[str, Any]:
    """The names are those of JavaScript, whose objects they become."""
    return {
        "samples": listening.frames,
        "delaySamples": listening.delay_samples,
        "stems": [_stem(job, listening, stem) for stem in listening.stems],
    }


def _stem(job: Job, listening: Listening, stem: ListeningStem) -> dict[str, Any]:
    return {
        "name": stem.name,
        "activity": stem.activity or [],
        "preview": {
            "url": reverse("jobs:preview", args=(job.pk, stem.name)),
            "sampleRateHz": listening.sample_rate_hz,
            "frameSamples": listening.frame_samples,
            "stride": listening.stride,
            "offsets": stem.offsets,
            "sizeBytes": stem.size_bytes,
        },
        "peaks": {
            "url": reverse("jobs:peaks", args=(job.pk, stem.name)),
            "sampleRateHz": listening.sample_rate_hz,
            "levels": [level.model_dump() for level in stem.peak_levels],
        },
    }
