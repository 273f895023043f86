"""Checks that a delivered file matches its row before it is served.

The size is checked each time. The digest is computed when the file has changed since the last check
(the change time of its inode shows that, and nobody can set it back), before several files are
served at once, and in the background by :func:`scrub`, as disks lose bits silently.
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
from separation.pipeline.manifest import fault_of
from separation.pipeline.manifest_digest import manifest_digest
from separation.stages.base import SidecarRecord
from separation.storage.atomic_files import write_durably

BEFORE_MANY = timedelta(hours=24)
"""How old a check may be when a ZIP or a link serves many files, some of them large."""

_CLOCK_STEP = timedelta(seconds=2)
"""File systems store times with a resolution of up to two seconds."""

_log = logging.getLogger("jobs.integrity")


def ensure_intact(artifact: Artifact, *, max_age: timedelta | None = None) -> None:
    """Raises ``ArtifactDamaged`` where the file is missing or does not match its row. ``max_age``:
    how old the last check of an unchanged file may be."""
    if not is_intact(artifact, max_age=max_age):
        raise ArtifactDamaged(
            f"The file of the track {artifact.name!r} is damaged or missing on the server, so it "
            "is not handed out. Separate the song again."
        )


def ensure_all_intact(artifacts: Iterable[Artifact]) -> None:
    """Check many files. Raises as :func:`ensure_intact` does."""
    for artifact in artifacts:
        ensure_intact(artifact, max_age=BEFORE_MANY)


def is_intact(artifact: Artifact, *, max_age: timedelta | None = None) -> bool:
    """Whether the file matches its row, by a recent check or by a new one, which is recorded."""
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
    """Whether the file looks intact, for a page: neither reads the file nor writes the row."""
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
    """Record the result of a check; returns whether the file is intact."""
    if is_damaged and not artifact.is_damaged:
        _log.error("job %s: the file %s is missing or damaged", artifact.job_id, artifact.path)
    artifact.is_damaged, artifact.checked_at = is_damaged, timezone.now()
    try:
        # Also of the other names of the file.
        Artifact.objects.filter(job_id=artifact.job_id, path=artifact.path).update(
            is_damaged=is_damaged, checked_at=artifact.checked_at
        )
    except DatabaseError:
        # The result is still valid for this request.
        _log.exception("job %s: the check of %s is not kept", artifact.job_id, artifact.name)
    return not is_damaged


@dataclass
class Scrubbed:
    """The result of a scrub. ``damaged``: "job: path" of files. ``manifests``: jobs whose manifest
    was rewritten. ``jobs_left``: jobs that are due and were not checked."""

    files: int = 0
    damaged: list[str] = field(default_factory=list)
    manifests: list[str] = field(default_factory=list)
    jobs_left: int = 0


def is_scrub_due() -> bool:
    return settings.SCRUB_DAYS > 0 and _due(_oldest_allowed()).exists()


def scrub(*, everything: bool = False, seconds: float | None = None) -> Scrubbed:
    """Check the digests of delivered files whose last check is older than the setting allows, the
    oldest first, and mend their manifests. ``everything``: check all files. ``seconds``: begin no
    further job after this time."""
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
    job = kept.first()
    if job is None:
        return
    if mend_manifest(job):
        done.manifests.append(str(job.pk))
    checked = check_files(job)
    done.files += checked.files
    if checked.damaged and kept.exists():
        done.damaged.extend(f"{job.pk}: {path}" for path in checked.damaged)


@dataclass(frozen=True)
class CheckedFiles:
    """``files``: how many were read. ``damaged``: what is wrong, by path in the job's folder."""

    files: int
    damaged: dict[str, str]


def check_files(job: Job) -> CheckedFiles:
    """Compare every delivered file of a job with its digest: tracks by their rows, where the result
    is recorded, and all others, such as previews, by the manifest."""
    artifacts = list(Artifact.objects.one_per_file().filter(job=job))
    # A maximum age of 0 forces a new check.
    damaged = {
        artifact.path: "is missing or is not the file that was delivered"
        for artifact in artifacts
        if not is_intact(artifact, max_age=timedelta(0))
    }
    sidecars = _sidecars(job)
    faults = {record.path: fault_of(record, job.directory) for record in sidecars}
    damaged |= {path: fault for path, fault in faults.items() if fault}
    return CheckedFiles(len(artifacts) + len(faults), damaged)


def _sidecars(job: Job) -> list[SidecarRecord]:
    return [SidecarRecord.model_validate(each) for each in job.manifest.get("sidecars") or ()]


def manifest_problem(job: Job) -> str:
    """What is wrong with a job's manifest, as a sentence; empty for nothing.

    The row keeps the digest. A job of an older version has none: its manifest is taken as it is,
    and its digest is recorded.
    """
    found = manifest_digest(job.manifest)
    if not job.manifest_sha256:
        Job.objects.filter(pk=job.pk, manifest_sha256="").update(manifest_sha256=found)
    elif found != job.manifest_sha256:
        return "The manifest in the database is not the one that was recorded."
    try:
        stored = json.loads((job.directory / MANIFEST_NAME).read_bytes())
    except FileNotFoundError:
        return f"{MANIFEST_NAME} is missing."
    except (OSError, ValueError):
        return f"{MANIFEST_NAME} cannot be read."
    differs = not isinstance(stored, dict) or manifest_digest(stored) != found
    return f"{MANIFEST_NAME} is not the manifest that was recorded." if differs else ""


def mend_manifest(job: Job) -> bool:
    """Rewrite the manifest's file from the row where it is missing or differs; returns whether it
    did."""
    if not job.manifest:
        return False
    file = job.directory / MANIFEST_NAME
    try:
        if json.loads(file.read_bytes()) == job.manifest:
            return False
    except (OSError, ValueError):
        pass  # missing, or no valid JSON: rewritten below
    _log.error("job %s: its manifest is missing or damaged and is written anew", job.pk)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_durably(file, json.dumps(job.manifest, indent=2, ensure_ascii=False).encode() + b"\n")
    return True
