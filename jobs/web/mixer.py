"""What the script of a mixer is told: addresses, indexes, times."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from jobs.models import Artifact, Job
from jobs.services.listening import Listening, ListeningStem, mixable_tracks

Address = Callable[[str, str], str]
"""From ``preview`` or ``peaks`` and a stem's name to where that lies."""


@dataclass(frozen=True)
class Lane:
    """One stem of the mixer; ``key`` is the digit that plays it alone, if there is one.

    ``download`` is the address of its file, empty where there is none to be had.
    """

    track: Artifact
    number: int
    download: str

    @property
    def key(self) -> str:
        return str(self.number) if self.number < 10 else ""


def lanes(job: Job, artifacts: list[Artifact]) -> list[Lane]:
    """Those of the owner's page."""
    tracks = mixable_tracks(job, artifacts)
    return lanes_of(tracks, lambda name: reverse("jobs:track", args=(job.pk, name)))


def lanes_of(tracks: Iterable[Artifact], download: Callable[[str], str]) -> list[Lane]:
    return [Lane(track, n, download(track.name)) for n, track in enumerate(tracks, start=1)]


def song(job: Job, listening: Listening) -> dict[str, Any]:
    """All stems, for the owner's page."""
    return song_of(
        listening, listening.stems, lambda kind, name: reverse(f"jobs:{kind}", args=(job.pk, name))
    )


def song_of(
    listening: Listening, stems: Iterable[ListeningStem], address: Address
) -> dict[str, Any]:
    """The names are those of JavaScript, whose objects they become."""
    return {
        "samples": listening.frames,
        "delaySamples": listening.delay_samples,
        "stems": [_stem(listening, stem, address) for stem in stems],
    }


def _stem(listening: Listening, stem: ListeningStem, address: Address) -> dict[str, Any]:
    return {
        "name": stem.name,
        "activity": stem.activity or [],
        "preview": {
            "url": address("preview", stem.name),
            "sampleRateHz": listening.sample_rate_hz,
            "frameSamples": listening.frame_samples,
            "stride": listening.stride,
            "offsets": stem.offsets,
            "sizeBytes": stem.size_bytes,
        },
        "peaks": {
            "url": address("peaks", stem.name),
            "sampleRateHz": listening.sample_rate_hz,
            "levels": [level.model_dump() for level in stem.peak_levels],
        },
    }
