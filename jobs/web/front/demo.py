"""The demonstration song's mixer on the first page: its template context and its song."""

from functools import partial
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.urls import reverse

from jobs.services.front_demo import FrontDemo, front_demo
from jobs.services.listening.index import EarlyTrack
from jobs.web.mixing.mixer import PlainPlayer, lanes_of, song_of
from separation.demo import FILE_NAME


def landing_context() -> dict[str, Any]:
    demo = front_demo()
    return {"signup_open": settings.SIGNUP_OPEN, **(_mixer_context(demo) if demo else {})}


def _mixer_context(demo: FrontDemo) -> dict[str, Any]:
    tracks = [EarlyTrack(stem.name, "", stem.stage) for stem in demo.listening.stems]
    lanes = lanes_of(tracks, lambda name: "")
    preview_of = partial(_address, demo, "preview")
    return {
        "demo_title": PurePath(FILE_NAME).stem,
        "mixer_url": reverse("jobs:demo-mixer", args=(demo.edition,)),
        "lanes": lanes,
        "players": [PlainPlayer(lane, preview_of(lane.track.name)) for lane in lanes],
    }


def song_of_demo(demo: FrontDemo) -> dict[str, Any]:
    """The song for the mixer's script."""
    listening = demo.listening
    return song_of(listening, listening.stems, partial(_address, demo), gain=1.0)


def _address(demo: FrontDemo, kind: str, name: str) -> str:
    """``kind``: preview or peaks."""
    return reverse(f"jobs:demo-{kind}", args=(demo.edition, name))
