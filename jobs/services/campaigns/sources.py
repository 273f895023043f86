"""Decides for a campaign which songs get a job, and why others do not. Changes nothing."""

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from jobs.models import Job, Source
from jobs.models.job import ACTIVE, JobStatus
from jobs.services.campaigns.query import Query, current_versions, outdated_jobs, replaceable_jobs
from jobs.services.job.request_validation import changed_request
from separation.catalogue import models_for
from separation.errors import InvalidOptions, LicenceRefused
from separation.request.separation_request import SeparationRequest, parse_request


class Reason(enum.StrEnum):
    """Why a song gets no job. The value is stored in rows."""

    SAME = "same"
    QUEUED = "queued"
    AUDIO_DELETED = "audio_deleted"
    OWNER_INACTIVE = "owner_inactive"
    NO_RESULT = "no_result"
    UNSUITABLE = "unsuitable"


REASONS = {
    Reason.SAME: "made this way already",
    Reason.QUEUED: "waiting or running this way already",
    Reason.AUDIO_DELETED: "the audio was deleted",
    Reason.OWNER_INACTIVE: "the account is closed",
    Reason.NO_RESULT: "no completed job to replace",
    Reason.UNSUITABLE: "the choices of its job do not suit the separator",
}


def reason_words(reason: str) -> str:
    return REASONS[Reason(reason)] if reason in list(Reason) else reason


@dataclass(frozen=True)
class SongDecision:
    """The decision about one song: create a job with ``request`` to replace ``replaces``, or
    nothing because of ``reason``."""

    source: Source
    replaces: Job | None = None
    request: SeparationRequest | None = None
    reason: Reason | None = None


def decide_songs(
    sources: Sequence[Source], *, query: Query, options: dict[str, Any]
) -> Iterator[SongDecision]:
    """One decision for each song, in their order, with a fixed number of queries.

    ``options``: the options of the new versions; all other options stay as they were.
    """
    known = _SongJobs(sources, query)
    for source in sources:
        yield _decide(source, known, options)


class _SongJobs:
    """The jobs of some songs, by song, read with a few queries."""

    def __init__(self, sources: Sequence[Source], query: Query) -> None:
        ids = [source.pk for source in sources]
        self.versions = current_versions()
        outdated = outdated_jobs(query).filter(source__in=ids)
        self.outdated = set(outdated.values_list("pk", flat=True))
        self.replaceable = _by_source(
            # By id too, so that the order of two jobs that ended at once is fixed.
            replaceable_jobs(query).filter(source__in=ids).order_by("completed_at", "id")
        )
        relevant = Job.objects.filter(source__in=ids, status__in=(*ACTIVE, JobStatus.COMPLETED))
        self.jobs = _by_source(relevant.prefetch_related("stages"))

    def has_older_stage(self, job: Job) -> bool:
        return any(stage.version < self.versions.get(stage.name, 0) for stage in job.stages.all())


def _by_source(jobs: Iterable[Job]) -> dict[UUID, list[Job]]:
    found: dict[UUID, list[Job]] = {}
    for job in jobs:
        found.setdefault(job.source_id, []).append(job)
    return found


def _decide(source: Source, known: _SongJobs, options: dict[str, Any]) -> SongDecision:
    replaceable = known.replaceable.get(source.pk, [])
    present = [job for job in replaceable if job.audio_deleted_at is None]
    if not source.owner.is_active:
        return SongDecision(source, reason=Reason.OWNER_INACTIVE)
    if not source.path.is_file() or (replaceable and not present):
        return SongDecision(source, reason=Reason.AUDIO_DELETED)
    if not present:
        return SongDecision(source, reason=Reason.NO_RESULT)
    replaces = present[-1]
    try:
        request = changed_request(replaces.request, options)
    except (InvalidOptions, LicenceRefused):
        return SongDecision(source, reason=Reason.UNSUITABLE)
    for job in known.jobs.get(source.pk, []):
        if _made_alike(job, request, known):
            there = job.status == JobStatus.COMPLETED
            return SongDecision(source, reason=Reason.SAME if there else Reason.QUEUED)
    return SongDecision(source, replaces=replaces, request=request)


def _made_alike(job: Job, request: SeparationRequest, known: _SongJobs) -> bool:
    """Whether ``job`` ran, or will run, as a job with ``request`` would run in this code.

    A dismissed version counts, as its owner did not want it.
    """
    gone = job.audio_deleted_at is not None and not job.is_offered
    if gone or job.pk in known.outdated:
        return False
    if _other_options(_parsed_request(job)) != _other_options(request):
        return False
    same_request = _requested_model(job) == (request.separator, request.model)
    if not same_request and _used_model(job) != _resolved_model(request):
        return False
    # A job that still waits will run with this code, whichever code created it.
    return job.is_active or not known.has_older_stage(job)


def _parsed_request(job: Job) -> SeparationRequest | None:
    """The job's request, parsed to add options that are newer than the row; None where it is not
    valid any more."""
    try:
        return parse_request(job.request)
    except InvalidOptions:
        return None


def _other_options(request: SeparationRequest | None) -> dict[str, Any] | None:
    left_out = {"separator", "model", "repo", "preset"}
    return None if request is None else request.model_dump(exclude=left_out)


def _requested_model(job: Job) -> tuple[Any, Any]:
    return job.request.get("separator"), job.request.get("model")


def _used_model(job: Job) -> tuple[Any, Any]:
    """The separator and the model that ran, which ``auto`` or a separator's default chose."""
    ran = job.manifest.get("separation") or {}
    return ran.get("separator"), ran.get("model")


def _resolved_model(request: SeparationRequest) -> tuple[str, str | None]:
    models = models_for(request.separator)
    return request.separator, request.model or (models[0].name if models else None)
