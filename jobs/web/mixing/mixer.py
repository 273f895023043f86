"""The data of the mixer's script: addresses, indexes and times."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse

from jobs.models import Artifact, Job
from jobs.services.listening.index import (
    Listening,
    ListeningStem,
    MixerTrack,
    early_tracks,
    gain_of,
    has_cover,
    overlapping_parents,
    playable_tracks,
)
from jobs.services.mixing import has_karaoke
from jobs.web.uploads import choices
from jobs.wording import track_label
from separation.families import child_part
from separation.options import FORMAT
from separation.stage_table import DENOISE, DETAILS

Address = Callable[[str, str], str]
"""Maps ``preview`` or ``peaks`` and a stem's name to an address."""


_OPENERS = {DETAILS: "Details", DENOISE: "Less noise"}
_LABELS = {DENOISE: "Less noise"}


@dataclass(frozen=True)
class Opener:
    """A button of a stem that shows its parts."""

    kind: str
    label: str


@dataclass(frozen=True)
class MixerLane:
    """One stem of the mixer, or a part of one; ``key`` is the digit that plays it alone, if there
    is one.

    ``download``: the address of its file, empty where there is none. ``is_early``: the file is not
    written yet. ``parent``: the stem that the part belongs to. ``stands_in``: the open parts are
    heard instead of the stem; otherwise they are heard beside it, and are silent at first.
    ``openers``: the buttons that show the stem's parts.
    """

    track: MixerTrack
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
        """The name; a part below its stem is named without the stem."""
        if not self.parent:
            return track_label(self.track.name)
        return _LABELS.get(self.track.stage_name) or track_label(child_part(self.track.name))


@dataclass(frozen=True)
class PlainPlayer:
    """One stem of the list that replaces the mixer where no script runs."""

    lane: MixerLane
    preview: str


def lanes(job: Job, artifacts: list[Artifact]) -> list[MixerLane]:
    """The lanes of the owner's page: each stem, followed by its parts. A job that is not completed
    has lanes as soon as its stems are playable."""
    early = early_tracks(job)
    tracks: Sequence[MixerTrack] = early or playable_tracks(job, artifacts)
    overlapping = overlapping_parents(job)
    names = {track.name for track in tracks if not track.parent}

    def download(name: str) -> str:
        return "" if early else reverse("jobs:track", args=(job.pk, name))

    stem_lanes = lanes_of([track for track in tracks if not track.parent], download)
    by_name = {lane.track.name: lane for lane in stem_lanes}
    for track in tracks:
        if track.parent:
            overlaps = track.stage_name == DETAILS and track.parent in overlapping
            # Parts of the song are heard beside its stems, which are the whole song already.
            beside = overlaps or (track.parent not in names and bool(names))
            by_name[track.name] = MixerLane(
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


def _openers(stem: str, tracks: Iterable[MixerTrack]) -> tuple[Opener, ...]:
    kinds = dict.fromkeys(track.stage_name for track in tracks if track.parent == stem)
    return tuple(Opener(kind, _OPENERS[kind]) for kind in kinds)


def lanes_of(tracks: Iterable[MixerTrack], download: Callable[[str], str]) -> list[MixerLane]:
    return [MixerLane(track, n, download(track.name)) for n, track in enumerate(tracks, start=1)]


def addresses(job: Job) -> dict[str, str]:
    """Of the owner's page: what its mixer fetches, and where it saves how it was left."""
    return {
        "mixer_url": reverse("jobs:mixer", args=(job.pk,)),
        "mixer_state_url": reverse("jobs:mixer-state", args=(job.pk,)),
        "mixer_saved_url": reverse("jobs:mixer-saved", args=(job.pk,)),
    }


def song(job: Job, listening: Listening) -> dict[str, Any]:
    """The song of the owner's page, with all stems and their parts."""
    everything = (*listening.stems, *listening.parts)
    told = song_of(
        listening,
        everything,
        lambda kind, name: reverse(f"jobs:{kind}", args=(job.pk, name)),
        gain_of(job, listening),
    )
    return {**told, "about": _about(job)}


def _about(job: Job) -> dict[str, str]:
    """What the lock screen of a phone shows of the song."""
    cover = reverse("jobs:cover", args=(job.pk,)) if has_cover(job) else ""
    return {"title": job.source.label, "artist": job.source.artist, "cover": cover}


def song_of(
    listening: Listening, stems: Iterable[ListeningStem], address: Address, gain: float
) -> dict[str, Any]:
    """The keys are in camelCase, as they become JavaScript objects. ``gain``: the factor from the
    level of the previews to the level that is played."""
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
    """``stems`` are those of the mixer; without stems the context is empty."""
    if not stems:
        return {}
    return {
        "mix_formats": choices.FORMATS,
        "mix_format": job.request.get("format", FORMAT.default),
        "has_karaoke": has_karaoke(stems),
    }
