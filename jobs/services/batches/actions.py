"""Batches of songs: made, named, run again, stopped, deleted."""

from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from jobs.errors import JobConflict, UploadGone
from jobs.models import Batch, Job
from jobs.models.account_lock import lock_account
from jobs.models.batch import MAX_NAME_LENGTH
from jobs.models.job import RETRYABLE, JobQuerySet
from jobs.services.batch_membership import drop_if_empty, lock_batch, work_was_added
from jobs.services.email import check_notice_possible
from jobs.services.job.bulk import BulkOutcome, for_each
from jobs.services.job.cancel import cancel_job
from jobs.services.job.delete import delete_job
from jobs.services.job.retry import retry_job
from separation.errors import InvalidOptions, QuotaExceeded

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def create_batch(*, owner: "User", name: str = "", notify_by_email: bool = False) -> Batch:
    """An empty one, for songs that follow.

    Raises ``InvalidOptions`` for a name that is too long, or where no e-mail can be sent;
    ``QuotaExceeded`` where too many are empty.
    """
    if notify_by_email:
        check_notice_possible(owner)
    cleaned = clean_batch_name(name)
    with transaction.atomic():
        lock_account(owner)
        if Batch.objects.filter(owner=owner, jobs=None).count() >= settings.MAX_EMPTY_BATCHES:
            raise QuotaExceeded(
                f"You have {settings.MAX_EMPTY_BATCHES} batches without a song, and no more are "
                "allowed. Put songs into one of them, or delete some."
            )
        return Batch.objects.create(
            owner=owner, name=cleaned or default_name(owner), notify_by_email=notify_by_email
        )


def batch_of_form(*, owner: "User", key: UUID | None, notify_by_email: bool) -> Batch:
    """That of one filled-in form, made by whichever of its songs comes first.

    ``key``: what the form calls it; songs that come with the same one are of the same batch.
    Raises ``UploadGone`` where the key is that of somebody else, ``InvalidOptions`` where no e-mail
    can be sent.
    """
    if notify_by_email:
        check_notice_possible(owner)
    fields = {"owner": owner, "name": default_name(owner), "notify_by_email": notify_by_email}
    if key is None:
        return Batch.objects.create(**fields)
    batch, _ = Batch.objects.get_or_create(pk=key, defaults=fields)
    if batch.owner_id != owner.pk:
        raise UploadGone(
            "This page is out of date. Load it again, then choose the songs once more."
        )
    if batch.notify_by_email != notify_by_email:
        Batch.objects.filter(pk=key).update(notify_by_email=notify_by_email)
    return batch


def settle_form_batch(batch: Batch) -> Batch | None:
    """Once all songs of a form are here: a batch of one song is only that song, unless its owner
    is to be told of its end. None where nothing is left of it."""
    with transaction.atomic():
        found = lock_batch(batch)
        if found is None or drop_if_empty(found.pk):
            return None
        if found.notify_by_email or Job.objects.filter(batch=found).count() > 1:
            return found
        found.delete()
    return None


def default_name(owner: "User") -> str:
    """The current time, in the format of the pages, with a number where a batch of ``owner`` has
    that name. It stays valid when songs are added or deleted."""
    name = f"Songs of {date_format(timezone.localtime(), 'j F Y, H:i')}"
    taken = set(
        Batch.objects.filter(owner=owner, name__startswith=name).values_list("name", flat=True)
    )
    numbered = (name if number == 1 else f"{name} ({number})" for number in count(1))
    return next(each for each in numbered if each not in taken)


def clean_batch_name(name: str) -> str:
    """Raises ``InvalidOptions`` for a name that is too long; empty where nothing is left of it."""
    from separation.audio.names import one_line

    cleaned = one_line(name)
    if len(cleaned) > MAX_NAME_LENGTH:
        raise InvalidOptions(
            f"The name of a batch has at most {MAX_NAME_LENGTH} characters; this is longer."
        )
    return cleaned


def change_batch(
    *, batch: Batch, name: str | None = None, notify_by_email: bool | None = None
) -> Batch:
    """What is None stays. Raises as :func:`create_batch` does.

    Asked for anew, an e-mail comes once more, soon where nothing of the batch is left to be done.
    """
    values: dict[str, object] = (
        {} if name is None else {"name": clean_batch_name(name) or default_name(batch.owner)}
    )
    if notify_by_email is not None and notify_by_email != batch.notify_by_email:
        if notify_by_email:
            check_notice_possible(batch.owner)
            work_was_added(batch.pk)
        values["notify_by_email"] = notify_by_email
    if values:
        Batch.objects.filter(pk=batch.pk).update(**values)
    batch.refresh_from_db()
    return batch


def songs_of(batch: Batch) -> JobQuerySet:
    """As the history lists them, in the order in which they were sent."""
    return Job.objects.filter(batch=batch).listed().order_by("created_at", "id")


def retry_batch(*, batch: Batch) -> BulkOutcome:
    """Run again what failed or was cancelled."""
    jobs = songs_of(batch).filter(status__in=RETRYABLE).select_related("source", "owner")
    return for_each(jobs, lambda job: retry_job(job=job))


def cancel_batch(*, batch: Batch) -> BulkOutcome:
    jobs = songs_of(batch).active().select_related("source")
    return for_each(jobs, lambda job: cancel_job(job=job))


def delete_batch(*, batch: Batch) -> int:
    """With all its songs and their files; returns how many there were. Uploads that have not ended
    go on, and their songs stand alone.

    Raises ``JobConflict`` while any of the songs waits or runs.
    """
    jobs = Job.objects.filter(batch=batch)
    if jobs.active().exists():
        raise JobConflict("Songs of this batch still wait or run: cancel them first.")
    deleted = 0
    for job in jobs.select_related("source", "owner"):
        delete_job(job=job)
        deleted += 1
    with transaction.atomic():
        found = lock_batch(batch)
        if found is not None and not Job.objects.filter(batch=found).exists():
            found.delete()
    return deleted


def expire_empty_batches(*, before: datetime) -> int:
    """Delete batches that hold no song and got none since ``before``; returns how many."""
    empty = Batch.objects.filter(jobs=None, last_added_at__lt=before).values_list("pk", flat=True)
    dropped = 0
    for pk in empty.iterator():
        with transaction.atomic():
            dropped += drop_if_empty(pk)
    return dropped
