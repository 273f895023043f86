"""Separates a stored song again: with another separator, in full, or just once more."""

from django.db import transaction

from jobs.models import Job
from jobs.models.account_lock import lock_account
from jobs.services.job.create import create_job
from jobs.services.job.request_validation import changed_request, request_with_defaults
from separation.request.separation_request import SeparationRequest

_OUTPUT_OPTIONS = ("format", "sample_rate_hz", "mp3_bitrate_kbps", "device", "allow_remote")
"""Options that do not affect how the song is separated."""


def separate_again(*, job: Job, separator: str, model: str | None) -> Job:
    """Create a job for the same song with the same options, except for the separator. Returns the
    existing job where an equal one already waits or runs. A new job counts as an upload would.

    Raises as ``create_job`` does, for example where the new model lacks the requested stems.
    """
    return _create_once(job, changed_request(job.request, {"separator": separator, "model": model}))


def repeat_separation(*, job: Job) -> Job:
    """Create a job with the same request, for example because files of ``job`` are damaged.
    Otherwise as :func:`separate_again`."""
    return _create_once(job, changed_request(job.request, {}))


def separate_whole_song(*, job: Job, preset: str) -> Job:
    """Create a job for the whole song of a job that covers a range, with a preset and the output
    options of ``job``. Otherwise as :func:`separate_again`."""
    kept = {name: job.request[name] for name in _OUTPUT_OPTIONS if name in job.request}
    return _create_once(job, request_with_defaults(options={**kept, "preset": preset}))


def _create_once(job: Job, request: SeparationRequest) -> Job:
    with transaction.atomic():
        lock_account(job.owner)
        return _equal_active_job(job, request) or create_job(
            owner=job.owner, source=job.source, request=request
        )


def _equal_active_job(job: Job, request: SeparationRequest) -> Job | None:
    options = request.model_dump(mode="json")
    active = Job.objects.active().filter(owner_id=job.owner_id, source_id=job.source_id)
    return next((each for each in active.order_by("created_at") if each.request == options), None)
