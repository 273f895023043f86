"""Creates, changes, retries, cancels and deletes batches of songs."""

from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from jobs.errors import JobConflict, UploadGone
from jobs.models import Batch, Job, Upload
from jobs.models.account_lock import lock_account
from jobs.models.batch import MAX_NAME_LENGTH
from jobs.models.job import RETRYABLE, JobQuerySet
from jobs.services.batch_membership import drop_if_empty, lock_batch, record_added_work
from jobs.services.email import check_notice_possible
from jobs.services.job.bulk import BulkOutcome, for_each
from jobs.services.job.cancel import cancel_job
from jobs.services.job.delete import delete_job
from jobs.services.job.retry import retry_all
from jobs.services.uploads.session import terminate
from separation.errors import InvalidOptions, QuotaExceeded

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def create_batch(*, owner: "User", name: str = "", notify_by_email: bool = False) -> Batch:
    """Create an empty batch for songs to come.

    Raises ``InvalidOptions`` for a name that is too long, or where no e-mail can be sent;
    ``QuotaExceeded`` where the owner has too many empty batches.
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
    """The batch of one submitted form; the first of its songs creates it.

    ``key``: the id that the form chose; songs with the same key join the same batch. Raises
    ``UploadGone`` where the key belongs to somebody else's batch, ``InvalidOptions`` where no
    e-mail can be sent.
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


def finish_form_batch(batch: Batch) -> Batch | None:
    """Delete the batch of a form if it holds fewer than two songs, after all its songs have
    arrived. A batch of one song stays where the owner requested an e-mail. Returns the batch, or
    None where it is deleted."""
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
    """Change the values that are not None. Raises as :func:`create_batch` does.

    When the e-mail is requested again, it is sent again: soon, if all songs have ended.
    """
    values: dict[str, object] = {}
    if name is not None:
        values["name"] = clean_batch_name(name) or default_name(batch.owner)
    if notify_by_email is not None and notify_by_email != batch.notify_by_email:
        if notify_by_email:
            check_notice_possible(batch.owner)
            record_added_work(batch.pk)
        values["notify_by_email"] = notify_by_email
    if values:
        Batch.objects.filter(pk=batch.pk).update(**values)
    batch.refresh_from_db()
    return batch


def songs_of(batch: Batch) -> JobQuerySet:
    """The jobs of the batch that the library lists, in the order in which they were sent."""
    return Job.objects.filter(batch=batch).listed().order_by("created_at", "id")


def retry_batch(*, batch: Batch) -> BulkOutcome:
    """Retry the failed and the cancelled jobs."""
    jobs = songs_of(batch).filter(status__in=RETRYABLE).select_related("source", "owner")
    return retry_all(jobs)


def cancel_batch(*, batch: Batch) -> BulkOutcome:
    """Cancel the songs that wait or run, and those that still arrive."""
    # First, as a song that has just arrived is a job by now.
    coming = list(Upload.objects.unfinished().filter(batch=batch))
    arrived = {job.pk for job in map(terminate, coming) if job is not None}
    jobs = songs_of(batch).active().select_related("source")
    outcome = for_each(jobs.exclude(pk__in=arrived), lambda job: cancel_job(job=job))
    return replace(outcome, done=outcome.done + len(coming))


def delete_batch(*, batch: Batch) -> int:
    """Delete the batch with all its jobs and their files; returns how many jobs there were.
    Unfinished uploads continue, and their songs belong to no batch.

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
