"""Exports all data of one account as one JSON document, generated while it is sent."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet
from django.utils import timezone

from jobs.models import (
    ApiToken,
    Artifact,
    AudioUse,
    Batch,
    Job,
    MixerState,
    SetList,
    ShareLink,
    Source,
    Stage,
    Upload,
)
from jobs.services.account.preferences import defaults_of, language_of, theme_of
from jobs.services.quotas.allowance import Gauge, allowance_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

FORMAT = 1
"""The version of the format. It changes when a part changes its meaning, not when parts are
added."""

BATCH = 50
"""Rows per query. No query stays open between two batches, even if the client receives slowly, as
an open query would prevent checkpoints of a SQLite database."""

LinkTo = Callable[[Job, str], str]
Row = TypeVar("Row", bound=Model)


def export_of(owner: "User", *, link_to: LinkTo) -> Iterator[str]:
    """Yield the text of one JSON object. ``link_to`` returns the address of a job's track.

    The document contains no secret; tokens appear with their names and times only.
    """
    head = {"format": FORMAT, "made_at": timezone.now()}
    yield "{\n" + _member("about", head)
    for name, read in PARTS.items():
        yield ",\n" + _member(name, read(owner))
    for name, stream in STREAMS.items():
        yield f",\n{_json(name)}: ["
        for n, entry in enumerate(stream(owner, link_to)):
            yield (",\n" if n else "\n") + _json(entry)
        yield "\n]"
    yield "\n}\n"


def _account(owner: "User") -> dict[str, Any]:
    fields = ("username", "email", "first_name", "last_name", "date_joined", "last_login")
    groups = list(owner.groups.values_list("name", flat=True))
    return {**{name: getattr(owner, name) for name in fields}, "groups": groups}


def _addresses(owner: "User") -> list[dict[str, Any]]:
    from allauth.account.models import EmailAddress

    return list(EmailAddress.objects.filter(user=owner).values("email", "primary", "verified"))


def _preferences(owner: "User") -> dict[str, Any]:
    return {
        "theme": theme_of(owner),
        "language": language_of(owner),
        "new_songs_start_with": defaults_of(owner),
    }


def _limits(owner: "User") -> list[dict[str, Any]]:
    allowance = allowance_of(owner)
    return [_gauge(gauge) for gauge in (*allowance.own, *allowance.shared)]


def _gauge(gauge: Gauge) -> dict[str, Any]:
    entry = {"kind": gauge.kind, "used": gauge.used, "limit": gauge.most, "from": gauge.origin}
    return {**entry, "group": gauge.group} if gauge.group else entry


def _tokens(owner: "User") -> list[dict[str, Any]]:
    rows = ApiToken.objects.filter(user=owner)
    return list(rows.values("name", "created", "expiry", "last_used_at"))


def _shares(owner: "User") -> list[dict[str, Any]]:
    fields = ("job_id", "label", "stems", "allow_download", "show_title", "views", "created_at",
              "expires_at", "revoked_at")  # fmt: skip
    return list(ShareLink.objects.filter(created_by=owner).order_by("created_at").values(*fields))


def _tags(owner: "User") -> list[str]:
    return list(owner.tags.values_list("name", flat=True))


def _batches(owner: "User") -> Sequence[Any]:
    fields = ("id", "name", "created_at", "notify_by_email", "notified_at")
    return list(Batch.objects.filter(owner=owner).order_by("created_at").values(*fields))


def _set_lists(owner: "User") -> Sequence[Any]:
    rows = SetList.objects.filter(owner=owner).prefetch_related("entries")
    return [
        {
            "id": row.pk,
            "name": row.name,
            "created_at": row.created_at,
            "jobs": [entry.job_id for entry in row.entries.all()],
        }
        for row in rows
    ]


def _audio_uses(owner: "User") -> Sequence[Any]:
    rows = AudioUse.objects.filter(owner=owner).order_by("used_at")
    return list(rows.values("used_at", "seconds", "job_id"))


def _uploads(owner: "User") -> Sequence[Any]:
    fields = ("id", "name", "size_bytes", "offset", "request", "source_id", "job_id", "batch_id",
              "created_at", "expires_at")  # fmt: skip
    return list(Upload.objects.filter(owner=owner).values(*fields))


def _songs(owner: "User", link_to: LinkTo) -> Iterator[dict[str, Any]]:
    fields = ("id", "original_name", "song_title", "title", "artist", "sha256", "size_bytes",
              "container", "codec", "sample_rate_hz", "channels", "duration_s",
              "created_at")  # fmt: skip
    for song in _in_batches(Source.objects.filter(owner=owner)):
        yield {name: getattr(song, name) for name in fields}


def _jobs(owner: "User", link_to: LinkTo) -> Iterator[dict[str, Any]]:
    jobs = Job.objects.filter(owner=owner).prefetch_related("artifacts", "stages", "tags")
    for job in _in_batches(jobs):
        yield _job(job, link_to)


def _job(job: Job, link_to: LinkTo) -> dict[str, Any]:
    fields = ("id", "status", "separator", "model_name", "request", "error", "warnings", "routing",
              "is_favourite", "created_at", "started_at", "completed_at", "audio_deleted_at",
              "accepted_at")  # fmt: skip
    return {
        **{name: getattr(job, name) for name in fields},
        "song_id": job.source_id,
        "batch_id": job.batch_id,
        "replaces": job.replaces_id,
        "tags": [tag.name for tag in job.tags.all()],
        "stages": [_stage(stage) for stage in job.stages.all()],
        "tracks": [_track(track, link_to) for track in job.artifacts.all()],
        "manifest": job.manifest or None,
    }


def _stage(stage: Stage) -> dict[str, Any]:
    fields = ("name", "status", "started_at", "completed_at", "error_code", "error_detail")
    return {name: getattr(stage, name) for name in fields}


_TRACK_FIELDS = ("name", "note", "same_as", "format", "sha256", "size_bytes")


def _track(track: Artifact, link_to: LinkTo) -> dict[str, Any]:
    entry = {name: getattr(track, name) for name in _TRACK_FIELDS}
    # The row outlives its file where audio is kept for a limited time.
    return {**entry, "link": link_to(track.job, track.name) if track.file.is_file() else None}


def _mixers(owner: "User", link_to: LinkTo) -> Iterator[dict[str, Any]]:
    for mixer in _in_batches(MixerState.objects.filter(owner=owner)):
        told = {"job_id": mixer.job_id, "saved_at": mixer.saved_at, "state": mixer.state}
        yield {**told, **mixer.saved}


PARTS: Mapping[str, Callable[["User"], Any]] = {
    "account": _account,
    "email_addresses": _addresses,
    "preferences": _preferences,
    "limits": _limits,
    "api_tokens": _tokens,
    "share_links": _shares,
    "tags": _tags,
    "batches": _batches,
    "set_lists": _set_lists,
    "audio_separated_lately": _audio_uses,
    "uploads": _uploads,
}
"""The parts that are small enough to read at once."""

STREAMS: Mapping[str, Callable[["User", LinkTo], Iterator[dict[str, Any]]]] = {
    "songs": _songs,
    "jobs": _jobs,
    "mixers": _mixers,
}


def _in_batches(rows: QuerySet[Row]) -> Iterator[Row]:
    rows = left = rows.order_by("pk")
    while batch := list(left[:BATCH]):
        yield from batch
        left = rows.filter(pk__gt=batch[-1].pk)


def _member(name: str, value: Any) -> str:
    return f"{_json(name)}: {_json(value)}"


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
