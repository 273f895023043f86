"""Plain functions that make rows with their files; every argument may be overridden."""

import hashlib
import io
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone

from jobs.models import Artifact, Job, QuotaLimit, Source, Stage
from jobs.models.job import JobStatus
from separation.request.separation_request import SeparationRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PASSWORD = "correct horse battery staple"


def wav_bytes(
    seconds: float = 0.5, *, rate_hz: int = 44_100, channels: int = 2, seed: int = 1
) -> bytes:
    """A chord in quiet noise as 16-bit PCM WAV."""
    frames = round(seconds * rate_hz)
    time = np.arange(frames) / rate_hz
    chord = np.sum([np.sin(2 * np.pi * hz * time) for hz in (110.0, 220.0, 554.4)], axis=0) * 0.15
    noise = np.random.default_rng(seed).normal(0.0, 0.02, (frames, channels))
    file = io.BytesIO()
    soundfile.write(file, chord[:, None] + noise, rate_hz, format="WAV", subtype="PCM_16")
    return file.getvalue()


def make_user(name: str = "owner", **overrides: Any) -> "User":
    """The user of that name, made at the first call; the password is ``PASSWORD``.

    ``password=None`` is for who never logs in to a real site: hashing one is slow there on purpose.
    """
    users = get_user_model().objects
    found = users.filter(username=name).first()
    if found is not None:
        return found
    values = {"email": f"{name}@example.org", "password": PASSWORD, **overrides}
    return users.create_user(name, **values)


def make_source(*, content: bytes | None = None, **overrides: Any) -> Source:
    """A stored song of ``owner``; ``content=b""`` leaves the file out."""
    data = wav_bytes() if content is None else content
    if "owner" not in overrides:
        overrides["owner"] = make_user()
    source = Source(
        **{
            "original_name": "Song.wav",
            "sha256": hashlib.sha256(data).hexdigest(),
            "size_bytes": len(data),
            "container": "wav",
            "codec": "pcm_s16le",
            "sample_rate_hz": 44_100,
            "channels": 2,
            "duration_s": 0.5,
            **overrides,
        }
    )
    source.song_title = source.song_title or source.first_title
    source.save(force_insert=True)
    if data:
        source.path.parent.mkdir(parents=True, exist_ok=True)
        source.path.write_bytes(data)
    return source


def make_job(*, stages: dict[str, str] | None = None, **overrides: Any) -> Job:
    """A job with its stage rows; ``status`` brings what that status needs (a lease, an end).

    ``stages``: the status of stages by name; the rest follow from the job's status.
    """
    owner = overrides.pop("owner", None) or make_user()
    source = overrides.pop("source", None) or make_source(owner=owner)
    request = overrides.pop("request", None) or SeparationRequest(separator="spectral")
    pipeline = [stage.model_dump(mode="json") for stage in request.to_pipeline()]
    values = {
        "separator": request.separator,
        "request": request.model_dump(mode="json"),
        "pipeline": pipeline,
        **_needs_of(overrides.get("status", JobStatus.PENDING)),
        **overrides,
    }
    created_at = values.pop("created_at", None)
    job = Job.objects.create(owner=owner, source=source, **values)
    if created_at is not None:
        # `auto_now_add` overrides whatever is given to create().
        Job.objects.filter(pk=job.pk).update(created_at=created_at)
        job.refresh_from_db()
    usual = JobStatus.COMPLETED if job.status == JobStatus.COMPLETED else JobStatus.PENDING
    Stage.objects.bulk_create(
        Stage(
            job=job,
            position=n,
            name=stage["name"],
            processor_type=stage["name"],
            params=stage["params"],
            status=(stages or {}).get(stage["name"], usual),
        )
        for n, stage in enumerate(pipeline)
    )
    return job


def _needs_of(status: str) -> dict[str, Any]:
    now = timezone.now()
    ended = {"started_at": now, "completed_at": now, "attempt": 1}
    return {
        JobStatus.PENDING: {},
        JobStatus.PROCESSING: {
            "lease_token": uuid.uuid4(),
            "lease_until": now + timedelta(seconds=90),
            "started_at": now,
            "attempt": 1,
            "worker": "test",
        },
        JobStatus.COMPLETED: {**ended, "progress_percent": 100.0},
        JobStatus.FAILED: {**ended, "error_code": "internal", "error_detail": "It broke."},
        JobStatus.CANCELLED: {**ended, "cancel_requested_at": now},
    }[JobStatus(status)]


def make_artifact(job: Job, name: str = "vocals", **overrides: Any) -> Artifact:
    """A delivered track of ``job`` with a real WAV file; ``content=b""`` leaves the file out."""
    content = overrides.pop("content", None)
    data = wav_bytes() if content is None else content
    artifact = Artifact(
        job=job,
        **{
            "name": name,
            "position": job.artifacts.count(),
            "stage_name": "separation",
            "path": f"spectral_output/{name}.wav",
            "format": "wav16",
            "sha256": hashlib.sha256(data).hexdigest(),
            "size_bytes": len(data),
            "frames": 22_050,
            "sample_rate_hz": 44_100,
            "channels": 2,
            "duration_s": 0.5,
            **overrides,
        },
    )
    artifact.save()
    if data:
        artifact.file.parent.mkdir(parents=True, exist_ok=True)
        artifact.file.write_bytes(data)
    return artifact


def make_group(name: str, *members: "User") -> Group:
    """The group of that name, made at the first call, with ``members`` in it."""
    group, _ = Group.objects.get_or_create(name=name)
    group.user_set.add(*members)
    return group


def set_quota(whose: "User | Group", *, shared: bool = False, **limits: int) -> QuotaLimit:
    """The limits of an account, or of a group: of each member, or (``shared``) of all together."""
    key = {"group": whose, "shared": shared} if isinstance(whose, Group) else {"user": whose}
    row, _ = QuotaLimit.objects.update_or_create(**key, defaults=limits)
    return row
