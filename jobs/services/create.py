"""A song and some choices become a job in the queue."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from jobs.models import Job, Source, Stage
from jobs.models.job import Lane
from jobs.queue.tickets import put_ticket
from jobs.services.choices import check_request
from jobs.services.errors import SourceMissing
from jobs.services.files import remove_file
from jobs.services.intake import receive_source
from jobs.services.quota import check_quota, lock_account, use_audio_minutes
from separation.request import SeparationRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = ["create_job", "discard_source_if_unused", "receive_source"]


def create_job(
    *,
    owner: "User",
    source: Source,
    request: SeparationRequest,
    lane: str = Lane.INTERACTIVE,
    priority: int = 0,
) -> Job:
    """Store the job with its stages and put a ticket into the queue once that is committed.

    Raises ``InvalidOptions``, ``QuotaExceeded`` or ``SourceMissing``; the source stays.
    """
    check_request(request=request)
    if not source.path.is_file():
        raise SourceMissing("The song is no longer stored here. Upload it again.")
    with transaction.atomic():
        lock_account(owner)
        check_quota(owner=owner)
        use_audio_minutes(owner=owner, source=source)
        job = insert_job(owner=owner, source=source, request=request, lane=lane, priority=priority)
        # Robust: the job is stored; a ticket that is lost is topped up by the reaper.
        transaction.on_commit(lambda: put_ticket(lane), robust=True)
    return job


def insert_job(*, owner: "User", source: Source, request: SeparationRequest, **fields: Any) -> Job:
    """The rows of one job, without a check of its choices or of a quota, and without a ticket."""
    # Here, not above: building stages brings NumPy and SciPy, which most pages do without.
    from separation.stages.registry import check_pipeline

    pipeline = request.to_pipeline()
    stages = check_pipeline(pipeline)
    job = Job.objects.create(
        owner=owner,
        source=source,
        separator=request.separator,
        model_name=request.model or "",
        request=request.model_dump(mode="json"),
        pipeline=[stage.model_dump(mode="json") for stage in pipeline],
        max_attempts=settings.MAX_ATTEMPTS,
        **fields,
    )
    Stage.objects.bulk_create(
        Stage(
            job=job,
            position=position,
            name=stage.name,
            processor_type=stage.processor_type,
            version=stage.version,
            params=stage.params.model_dump(mode="json"),
        )
        for position, stage in enumerate(stages)
    )
    return job


def discard_source_if_unused(*, source: Source) -> bool:
    """Remove the song when no job needs it; true when it is gone."""
    with transaction.atomic():
        if Job.objects.filter(source=source).exists():
            return False
        Source.objects.filter(pk=source.pk).delete()
        path = source.path
        transaction.on_commit(lambda: remove_file(path))
    return True
