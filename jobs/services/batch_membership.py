"""Adds jobs to a batch and removes them, for the services that create, retry or delete jobs."""

from uuid import UUID

from django.conf import settings
from django.utils import timezone

from jobs.errors import JobConflict
from jobs.models import Batch, Job, Upload


def add_to_batch(batch: Batch | None) -> Batch | None:
    """Lock ``batch`` for a new job and check that it is not full. Call it in the transaction that
    creates the job.

    Returns None where the batch was deleted meanwhile; the job then belongs to no batch. Raises
    ``JobConflict`` where the batch is full.
    """
    locked = lock_batch(batch)
    if locked is not None:
        _check_room(locked, Job.objects.filter(batch=locked).count())
        record_added_work(locked.pk)
    return locked


def room_in_batch(batch: Batch | None) -> Batch | None:
    """Lock ``batch`` for an upload that becomes a job later. Raises ``JobConflict`` where the batch
    is full, with the unfinished uploads counted."""
    locked = lock_batch(batch)
    if locked is not None:
        coming = Upload.objects.unfinished().filter(batch=locked).count()
        _check_room(locked, Job.objects.filter(batch=locked).count() + coming)
    return locked


def lock_batch(batch: Batch | None) -> Batch | None:
    """Lock the batch until the transaction ends; returns its current row, None if it is deleted."""
    if batch is None:
        return None
    return Batch.objects.select_for_update().filter(pk=batch.pk).first()


def record_added_work(batch_id: UUID | None) -> None:
    """Record that work was added, so that the owner gets another e-mail when it has ended."""
    if batch_id is None:
        return
    Batch.objects.filter(pk=batch_id).update(
        last_added_at=timezone.now(),
        notified_at=None,
        notice_tries=0,
        notice_not_before=None,
        notice_error="",
    )


def drop_if_empty(batch_id: UUID | None) -> bool:
    """Delete the batch if it has no song; returns whether it did.

    Call it in the transaction that deletes a song. When two transactions delete the last two songs
    at once, the second finds the batch empty.
    """
    if batch_id is None:
        return False
    locked = Batch.objects.select_for_update().filter(pk=batch_id).first()
    if locked is None or holds_anything(locked):
        return False
    locked.delete()
    return True


def holds_anything(batch: Batch) -> bool:
    coming = Upload.objects.unfinished().filter(batch=batch)
    return Job.objects.filter(batch=batch).exists() or coming.exists()


def _check_room(batch: Batch, songs: int) -> None:
    if songs >= settings.MAX_BATCH_SONGS:
        raise JobConflict(
            f"{batch.name} holds {songs} songs, and a batch may hold no more. Send the others as "
            "another batch."
        )
