"""A song that is kept here is separated again, with another separator."""

from django.db import transaction

from jobs.models import Job
from jobs.services.create import create_job
from jobs.services.quota import lock_account
from separation.request import SeparationRequest, parse_request


def separate_again(*, job: Job, separator: str, model: str | None) -> Job:
    """Another job of the same song, asked for with the same choices but for the separator; one
    that waits or runs already is not made twice. It counts as an upload of the song would.

    Raises what ``create_job`` does, as where the new model has not the stems that were chosen.
    """
    request = parse_request({**job.request, "separator": separator, "model": model})
    with transaction.atomic():
        lock_account(job.owner)
        return _under_way(job, request) or create_job(
            owner=job.owner, source=job.source, request=request
        )


def _under_way(job: Job, request: SeparationRequest) -> Job | None:
    wanted = request.model_dump(mode="json")
    active = Job.objects.active().filter(owner_id=job.owner_id, source_id=job.source_id)
    return next((each for each in active.order_by("created_at") if each.request == wanted), None)
