"""A delivered file is what its row says, or it is not handed out.

Its size is looked at each time. Its digest is taken where the file has changed since that was last
done (its inode says when, and nobody can set that back), before several are handed out at once, and
in the background by :func:`scrub`, as disks lose bits without a word.
"""

import hashlib
import json
import logging
import os
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Min, Q
from django.utils import timezone

from jobs.errors import ArtifactDamaged
from jobs.models import Artifact, Job
from jobs.models.job import JobQuerySet, JobStatus
from jobs.services.storage.files import MANIFEST_NAME
from separation.storage.atomic_files import write_durably

BEFORE_MANY = timedelta(hours=24)
"""How old a digest may be when a ZIP or a link hands out many files, some of which are large."""

_CLOCK_STEP = timedelta(seconds=2)
"""File systems note times in steps of up to two seconds."""

_log = logging.getLogger("jobs.integrity")


def ensure_intact(artifact: Artifact, *, max_age: timedelta | None = None) -> None:
    """Raises ``ArtifactDamaged`` where the file is missing or not that of the row. ``max_age``: how
    long ago its digest may have been taken where nothing has changed since."""
    if not is_intact(artifact, max_age=max_age):
        raise ArtifactDamaged(
            f"The file of the track {artifact.name!r} is damaged or missing on the server, so it "
            "is not handed out. Separate the song again."
        )


def ensure_all_intact(artifacts: Iterable[Artifact]) -> None:
    """For many at once. Raises as :func:`ensure_intact` does."""
    for artifact in artifacts:
        ensure_intact(artifact, max_age=BEFORE_MANY)


def is_intact(artifact: Artifact, *, max_age: timedelta | None = None) -> bool:
    """As far as is known, or found out now; what is found out is kept."""
    try:
        facts = artifact.file.stat()
    except OSError:
        return _note(artifact, is_damaged=True)
    if facts.st_size != artifact.size_bytes:
        return _note(artifact, is_damaged=True)
    if _is_known(artifact, facts, max_age):
        return not artifact.is_damaged
    return _note(artifact, is_damaged=_digest(artifact) != artifact.sha256)


def looks_intact(artifact: Artifact) -> bool:
    """At a glance, for a page: reads nothing of the file and writes nothing."""
    try:
        return not artifact.is_damaged and artifact.file.stat().st_size == artifact.size_bytes
    except OSError:
        return False


def _is_known(artifact: Artifact, facts: os.stat_result, max_age: timedelta | None) -> bool:
    taken_at = artifact.checked_at
    if taken_at is None or facts.st_ctime >= (taken_at - _CLOCK_STEP).timestamp():
        return False
    return max_age is None or timezone.now() - taken_at < max_age


def _digest(artifact: Artifact) -> str:
    try:
        with artifact.file.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        _log.exception("job %s: track %s cannot be read", artifact.job_id, artifact.name)
        return ""


def _note(artifact: Artifact, *, is_damaged: bool) -> bool:
    """True where it is good."""
    if is_damaged and not artifact.is_damaged:
        _log.error("job %s: the file %s is missing or damaged", artifact.job_id, artifact.path)
    artifact.is_damaged, artifact.checked_at = is_damaged, timezone.now()
    try:
        Artifact.objects.filter(pk=artifact.pk).update(
            is_damaged=is_damaged, checked_at=artifact.checked_at
        )
    except DatabaseError:
        # What was found out holds for this answer all the same.
        _log.exception("job %s: the check of %s is not kept", artifact.job_id, artifact.name)
    return not is_damaged


@dataclass
class Scrubbed:
    """``damaged``: "job: path" of files; ``manifests``: jobs whose manifest was written anew."""

    files: int = 0
    damaged: list[str] = field(default_factory=list)
    manifests: list[str] = field(default_factory=list)
    jobs_left: int = 0


def is_scrub_due() -> bool:
    return settings.SCRUB_DAYS > 0 and _due(_oldest_allowed()).exists()


def scrub(*, everything: bool = False, seconds: float | None = None) -> Scrubbed:
    """Take the digests of delivered files whose last one is older than the setting allows, the
    oldest first, and see to the manifests beside them. ``seconds``: begin no job after so long."""
    until = None if seconds is None else time.monotonic() + seconds
    keys = list(
        _due(timezone.now() if everything else _oldest_allowed()).values_list("pk", flat=True)
    )
    done = Scrubbed()
    for n, key in enumerate(keys):
        if until is not None and time.monotonic() >= until:
            done.jobs_left = len(keys) - n
            break
        _scrub_job(key, done)
    return done


def _oldest_allowed() -> datetime:
    return timezone.now() - timedelta(days=settings.SCRUB_DAYS)


def _due(before: datetime) -> JobQuerySet:
    old = Q(artifacts__checked_at=None) | Q(artifacts__checked_at__lt=before)
    whole = Job.objects.filter(status=JobStatus.COMPLETED, audio_deleted_at=None)
    return whole.filter(old).annotate(oldest=Min("artifacts__checked_at")).order_by("oldest", "pk")


def _scrub_job(key: uuid.UUID, done: Scrubbed) -> None:
    kept = Job.objects.filter(status=JobStatus.COMPLETED, audio_deleted_at=None, pk=key)
    job = kept.prefetch_related("artifacts").first()
    if job is None:
        return
    if mend_manifest(job):
        done.manifests.append(str(job.pk))
    for artifact in job.artifacts.all():
        done.files += 1
        # Nothing is as old as that: each is read.
        if not is_intact(artifact, max_age=timedelta(0)) and kept.exists():
            done.damaged.append(f"{job.pk}: {artifact.path}")


def mend_manifest(job: Job) -> bool:
    """Write the manifest's file from the row where it is missing or says something else. True when
    that was needed."""
    if not job.manifest:
        return False
    file = job.directory / MANIFEST_NAME
    try:
        if json.loads(file.read_bytes()) == job.manifest:
            return False
    except (OSError, ValueError):
        pass  # missing, or no text or no JSON any more: written anew below
    _log.error("job %s: its manifest is missing or damaged and is written anew", job.pk)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_durably(file, json.dumps(job.manifest, indent=2, ensure_ascii=False).encode() + b"\n")
    return True
