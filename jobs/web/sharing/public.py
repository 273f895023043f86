"""The template context of a shared page; its addresses contain the token, never the job's id."""

from typing import Any

from django.urls import reverse

from jobs.services.listening.index import gain_of
from jobs.services.sharing import Shared
from jobs.web.mixing.mixer import PlainPlayer, lanes_of, song_of
from jobs.web.results import shown_s


def context_of(token: str, shared: Shared) -> dict[str, Any]:
    lanes = lanes_of(shared.tracks, lambda name: _download(token, shared, name))
    return {
        "title": shared.title,
        "expires_at": shared.link.expires_at,
        "allow_download": shared.link.allow_download,
        "duration_s": shown_s(shared.job),
        "archive_url": _archive(token, shared),
        "total_bytes": sum(track.size_bytes for track in shared.tracks),
        "mixer_url": reverse("jobs:shared-mixer", args=(token,)),
        "lanes": lanes,
        "tracks": [PlainPlayer(lane, address("preview", token, lane.track.name)) for lane in lanes],
    }


def song_shared(token: str, shared: Shared) -> dict[str, Any]:
    """The song for the mixer's script, with the shared stems only."""
    stems = [stem for stem in shared.listening.stems if shared.stem(stem.name)]
    return song_of(
        shared.listening,
        stems,
        lambda kind, name: address(kind, token, name),
        gain_of(shared.job, shared.listening),
    )


def address(kind: str, token: str, name: str) -> str:
    """``kind``: preview, peaks or track."""
    return reverse(f"jobs:shared-{kind}", args=(token, name))


def _archive(token: str, shared: Shared) -> str:
    """The address of the ZIP; empty without download, or with one stem only."""
    several = shared.link.allow_download and len(shared.tracks) > 1
    return reverse("jobs:shared-archive", args=(token,)) if several else ""


def _download(token: str, shared: Shared, name: str) -> str:
    return address("track", token, name) if shared.link.allow_download else ""
