"""What the script of a mixer is told: addresses, indexes, times."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse

from jobs.models import Artifact, Job
from jobs.services.listening.index import (
    HeardTrack,
    Listening,
    ListeningStem,
    early_tracks,
    gain_of,
    overlapping_parents,
    playable_tracks,
)
from jobs.services.mixing import has_karaoke
from jobs.web.uploads import choices
from jobs.wording import track_label
from separation.families import own_part
from separation.options import FORMAT
from separation.stage_table import DENOISE, DETAILS

Address = Callable[[str, str], str]
"""From ``preview`` or ``peaks`` and a stem's name to where that lies."""


_OPENERS = {DETAILS: "Details", DENOISE: "Less noise"}
_LABELS = {DENOISE: "Less noise"}


@dataclass(frozen=True)
class Opener:
    """A button of a stem that shows what was made of it."""

    kind: str
    label: str


@dataclass(frozen=True)
class Lane:
    """One stem of the mixer, or a part of one; ``key`` is the digit that plays it alone, if there
    is one.

    ``download`` is the address of its file, empty where there is none to be had; ``is_early``:
    as it is not written yet. ``parent``: the
    stem under which it stands, with others of its ``stage_name``. ``stands_in``: while they are
    open they are heard instead of the stem; otherwise beside it, and silent at first. ``openers``:
    what can be opened under a stem.
    """

    track: HeardTrack
    number: int
    download: str
    parent: str = ""
    stands_in: bool = True
    openers: tuple[Opener, ...] = ()
    is_early: bool = False

    @property
    def key(self) -> str:
        return str(self.number) if 0 < self.number < 10 else ""

    @property
    def label(self) -> str:
        """Under its stem a part needs no more than its own name."""
        if not self.parent:
            return track_label(self.track.name)
        return _LABELS.get(self.track.stage_name) or track_label(own_part(self.track.name))


def lanes(job: Job, artifacts: list[Artifact]) -> list[Lane]:
    """Those of the owner's page: stems, each followed by what was made of it. Of a job that is not
    completed there are only some once its stems are playable."""
    early = early_tracks(job)
    tracks: Sequence[HeardTrack] = early or playable_tracks(job, artifacts)
    overlapping = overlapping_parents(job)
    names = {track.name for track in tracks if not track.parent}

    def download(name: str) -> str:
        return "" if early else reverse("jobs:track", args=(job.pk, name))

    found = lanes_of([track for track in tracks if not track.parent], download)
    by_name = {lane.track.name: lane for lane in found}
    for track in tracks:
        if track.parent:
            overlaps = track.stage_name == DETAILS and track.parent in overlapping
            # Of the song beside its stems, which are the song as well.
            beside = overlaps or (track.parent not in names and bool(names))
            by_name[track.name] = Lane(
                track, 0, download(track.name), parent=track.parent, stands_in=not beside
            )
    return [
        replace(
            by_name[track.name],
            openers=_openers(track.name, tracks),
            is_early=bool(early) and job.is_active,
        )
        for track in tracks
    ]


def _openers(stem: str, tracks: Iterable[HeardTrack]) -> tuple[Opener, ...]:
    kinds = dict.fromkeys(track.stage_name for track in tracks if track.parent == stem)
    return tuple(Opener(kind, _OPENERS[kind]) for kind in kinds)


def lanes_of(tracks: Iterable[HeardTrack], download: Callable[[str], str]) -> list[Lane]:
    return [Lane(track, n, download(track.name)) for n, track in enumerate(tracks, start=1)]


def song(job: Job, listening: Listening) -> dict[str, Any]:
    """All stems and their parts, for the owner's page."""
    everything = (*listening.stems, *listening.parts)
    return song_of(
        listening,
        everything,
        lambda kind, name: reverse(f"jobs:{kind}", args=(job.pk, name)),
        gain_of(job, listening),
    )


def song_of(
    listening: Listening, stems: Iterable[ListeningStem], address: Address, gain: float
) -> dict[str, Any]:
    """The names are those of JavaScript, whose objects they become. ``gain``: the factor from
    previews to what is heard."""
    return {
        "samples": listening.frames,
        "delaySamples": listening.delay_samples,
        "stems": [{**_stem(listening, stem, address), "gain": gain} for stem in stems],
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


def mixing_context(job: Job, stems: list[str]) -> dict[str, Any]:
    """``stems`` are those of the mixer; empty where there are none."""
    if not stems:
        return {}
    return {
        "mix_formats": choices.FORMATS,
        "mix_format": job.request.get("format", FORMAT.default),
        "has_karaoke": has_karaoke(stems),
    }
