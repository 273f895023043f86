"""A song that is kept here is separated again: with another separator, or the whole of it."""

from django.db import transaction

from jobs.models import Job
from jobs.models.account_lock import lock_account
from jobs.services.job.choices import changed_request, request_with_defaults
from jobs.services.job.create import create_job
from separation.request.separation_request import SeparationRequest

_OF_THE_FILES = ("format", "sample_rate_hz", "mp3_bitrate_kbps", "device", "allow_remote")
"""Choices that say nothing of how the stems are made."""


def separate_again(*, job: Job, separator: str, model: str | None) -> Job:
    """Another job of the same song, asked for with the same choices but for the separator; one
    that waits or runs already is not made twice. It counts as an upload of the song would.

    Raises what ``create_job`` does, as where the new model has not the stems that were chosen.
    """
    return _once(job, changed_request(job.request, {"separator": separator, "model": model}))


def separate_anew(*, job: Job) -> Job:
    """The very same once more, as where files of ``job`` are damaged. As :func:`separate_again`
    in all else."""
    return _once(job, changed_request(job.request, {}))


def separate_whole(*, job: Job, preset: str) -> Job:
    """The whole song of a job that is about a stretch of it, with a preset, as files like those
    that ``job`` was to have. As :func:`separate_again` in all else."""
    kept = {name: job.request[name] for name in _OF_THE_FILES if name in job.request}
    return _once(job, request_with_defaults(choices={**kept, "preset": preset}))


def _once(job: Job, request: SeparationRequest) -> Job:
    with transaction.atomic():
        lock_account(job.owner)
        return _under_way(job, request) or create_job(
            owner=job.owner, source=job.source, request=request
        )


def _under_way(job: Job, request: SeparationRequest) -> Job | None:
    wanted = request.model_dump(mode="json")
    active = Job.objects.active().filter(owner_id=job.owner_id, source_id=job.source_id)
    return next((each for each in active.order_by("created_at") if each.request == wanted), None)
