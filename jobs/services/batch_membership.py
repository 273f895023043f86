"""What goes into a batch and out of it: called by whatever makes, repeats or deletes a job."""

from uuid import UUID

from django.conf import settings
from django.utils import timezone

from jobs.errors import JobConflict
from jobs.models import Batch, Job, Upload


def add_to_batch(batch: Batch | None) -> Batch | None:
    """Make room in ``batch`` for the job that is being made, in the same transaction.

    None where it was deleted meanwhile: the song then stands alone. Raises ``JobConflict`` where
    the batch is full.
    """
    found = lock_batch(batch)
    if found is not None:
        _check_room(found, Job.objects.filter(batch=found).count())
        work_was_added(found.pk)
    return found


def room_in_batch(batch: Batch | None) -> Batch | None:
    """The same for an upload, of which a job is to come."""
    found = lock_batch(batch)
    if found is not None:
        coming = Upload.objects.unfinished().filter(batch=found).count()
        _check_room(found, Job.objects.filter(batch=found).count() + coming)
    return found


def lock_batch(batch: Batch | None) -> Batch | None:
    """As it is now, kept from being deleted until the transaction ends; None if it is gone."""
    if batch is None:
        return None
    return Batch.objects.select_for_update().filter(pk=batch.pk).first()


def work_was_added(batch_id: UUID | None) -> None:
    """Its owner is told once more, when this has ended too."""
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
    """Delete a batch without a song, in the same transaction as its last one; true when it is
    gone. Of two that delete its last two songs at once, the second finds it empty."""
    if batch_id is None:
        return False
    found = Batch.objects.select_for_update().filter(pk=batch_id).first()
    if found is None or holds_anything(found):
        return False
    found.delete()
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
