"""From a stretch of a song to the whole of it."""

from typing import TYPE_CHECKING

from django.db import transaction

from jobs.models import Job
from jobs.services.choices import request_with_defaults
from jobs.services.create import create_job
from jobs.services.quota import lock_account

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_KEPT = ("format", "sample_rate_hz", "mp3_bitrate_kbps", "device", "allow_remote")
"""What says nothing of how the stems are made."""


def separate_whole(*, owner: "User", job: Job, preset: str) -> Job:
    """Queue the whole song of ``job``, with a preset and the files that ``job`` was to have. Asked
    again while that waits or runs, it is the same job.

    Raises what :func:`request_with_defaults` and :func:`create_job` do.
    """
    kept = {name: job.request[name] for name in _KEPT if name in job.request}
    request = request_with_defaults(choices={**kept, "preset": preset})
    with transaction.atomic():
        lock_account(owner)
        same = Job.objects.active().filter(
            owner=owner, source=job.source, request=request.model_dump(mode="json")
        )
        return same.first() or create_job(owner=owner, source=job.source, request=request)
