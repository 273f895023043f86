"""Creates a job in the queue from a song and a request."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from jobs.errors import SourceMissing
from jobs.models import Batch, Job, Source, Stage, Upload
from jobs.models.account_lock import lock_account
from jobs.models.job import Lane
from jobs.queue.tickets import put_ticket
from jobs.services.batch_membership import add_to_batch
from jobs.services.job.request_validation import check_request
from jobs.services.quotas.limits import check_quota, check_storage, use_audio_minutes
from jobs.services.quotas.reservation import Hold
from jobs.services.sources.receive_source import receive_source
from jobs.services.storage.files import remove_file
from separation.protocol.jobspec import StageRequest
from separation.request.separation_request import SeparationRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = ["create_job", "discard_source_if_unused", "receive_source", "submit_song"]


@dataclass(frozen=True)
class Repetition:
    """The job that a new job repeats, and the stages that ran."""

    of: Job
    pipeline: tuple[StageRequest, ...]


def create_job(
    *,
    owner: "User",
    source: Source,
    request: SeparationRequest,
    lane: str = Lane.INTERACTIVE,
    priority: int = 0,
    hold: Hold | None = None,
    batch: Batch | None = None,
    repetition: Repetition | None = None,
) -> Job:
    """Store the job with its stages, and put a ticket into the queue after the commit.

    ``hold``: the reservation of the upload; the job takes the place that it holds. ``batch``: a
    batch of the same owner, which the job joins. ``repetition``: the job that this one repeats.

    Raises ``InvalidOptions``, ``QuotaExceeded``, ``SourceMissing``, or ``JobConflict`` where the
    batch is full; the source stays.
    """
    check_request(request=request)
    if not source.path.is_file():
        raise SourceMissing("The song is no longer stored here. Upload it again.")
    with transaction.atomic():
        lock_account(owner)
        if hold is None:
            check_storage(owner=owner, size_bytes=0)
        else:
            hold.spend(place=True)
        check_quota(owner=owner)
        fields = {"lane": lane, "priority": priority, "batch": add_to_batch(batch)}
        job = insert_job(
            owner=owner, source=source, request=request, repetition=repetition, **fields
        )
        use_audio_minutes(owner=owner, source=source, job=job)
        # Robust, as the job is stored: the housekeeping replaces a lost ticket.
        transaction.on_commit(lambda: put_ticket(lane), robust=True)
    return job


def insert_job(
    *,
    owner: "User",
    source: Source,
    request: SeparationRequest,
    repetition: Repetition | None = None,
    **fields: Any,
) -> Job:
    """Insert the rows of one job. It checks neither the request nor a quota, and adds no ticket.

    ``repetition``: the job that it repeats, whose stages it has instead of the request's.
    """
    # Imported here, as stages import NumPy and SciPy, which most pages do not need.
    from separation.stages.registry import check_pipeline

    pipeline = repetition.pipeline if repetition else request.to_pipeline()
    stages = check_pipeline(pipeline)
    job = Job.objects.create(
        owner=owner,
        source=source,
        separator=request.separator,
        model_name=request.model or "",
        repeats=repetition.of if repetition else None,
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


def submit_song(
    *,
    hold: Hold,
    name: str,
    chunks: Iterable[bytes],
    declared_size: int | None,
    request: SeparationRequest,
    batch: Batch | None = None,
    upload: Upload | None = None,
) -> Job:
    """Receive a song and create a job for it. After an error neither exists.

    ``upload``: announced before. Raises as :func:`receive_source` and :func:`create_job` do.
    """
    source = receive_source(
        owner=hold.owner,
        name=name,
        chunks=chunks,
        declared_size=declared_size,
        hold=hold,
        batch=batch,
        upload=upload,
    )
    try:
        return create_job(owner=hold.owner, source=source, request=request, hold=hold, batch=batch)
    except BaseException:
        discard_source_if_unused(source=source)
        raise


def discard_source_if_unused(*, source: Source) -> bool:
    """Delete the song when no job uses it; returns whether it did."""
    with transaction.atomic():
        if Job.objects.filter(source=source).exists():
            return False
        Source.objects.filter(pk=source.pk).delete()
        path = source.path
        transaction.on_commit(lambda: remove_file(path))
    return True
