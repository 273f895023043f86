"""Deletes an account with all its data: it is closed at once, and removed when its jobs have ended.

Data is deleted in portions, files after their rows, and the account last. If the deletion is
interrupted, the housekeeping resumes it.
"""

import logging
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.db.models import F, Model, ProtectedError, Sum
from django.utils import timezone

from jobs.errors import AccountClosed, JobConflict, UploadBusy, UploadGone
from jobs.models import AccountClosure, ApiToken, Artifact, Batch, Job, SetList, Source, Upload
from jobs.models.account_lock import lock_account
from jobs.models.job import JobStatus
from jobs.services.sources.receive_source import release_upload
from jobs.services.sources.upload_parts import held_part
from jobs.services.storage.files import remove_file, remove_folder

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PORTION = 100
"""Rows per transaction. On SQLite other writers wait for each transaction."""

FORGOTTEN = "deleted with its account"

_log = logging.getLogger("jobs.account")


def close_account(*, owner: "User") -> bool:
    """Close the account, and delete what can be deleted now; returns whether all of it is deleted.
    The housekeeping deletes the rest after the running job has stopped.

    From now on nobody can log in, no token grants access and nothing new is accepted. Safe to
    repeat. Raises ``JobConflict`` for the only administrator: whoever starts a site without one can
    take it over.
    """
    with transaction.atomic():
        lock_account(owner, closed_too=True)
        _check_another_administrator(owner)
        get_user_model().objects.filter(pk=owner.pk).update(is_active=False)
        ApiToken.objects.filter(user=owner).delete()
        closure, _ = AccountClosure.objects.get_or_create(account=owner)
    return finish_closure(closure)


def finish_closures() -> int:
    """Continue all unfinished deletions; returns how many accounts are deleted now.

    An error delays no other account, and the account is tried again at the next call. Raises an
    ``ExceptionGroup`` of all errors at the end.
    """
    finished = 0
    errors: list[Exception] = []
    for closure in AccountClosure.objects.under_way().select_related("account"):
        try:
            finished += finish_closure(closure)
        except Exception as error:
            error.add_note(f"while closure {closure.pk} was finished")
            errors.append(error)
    if errors:
        raise ExceptionGroup("accounts cannot be removed", errors)
    return finished


def finish_closure(closure: AccountClosure) -> bool:
    """Delete what can be deleted now; returns whether nothing is left. Several processes may run
    it at once."""
    owner = closure.account
    if owner is None:
        return True
    stopped = _stop_running(owner)
    while _remove_jobs(closure, owner):
        continue
    uploaded = [_remove_upload(upload) for upload in Upload.objects.filter(owner=owner)]
    if not (stopped and all(uploaded)):
        return False
    try:
        while _remove_songs(closure, owner):
            continue
        return _remove_account(closure, owner)
    except AccountClosed:
        return True  # another process was faster
    except (ProtectedError, IntegrityError):
        # A campaign of the operator has just created a job for one of the songs.
        _log.info("an account that is being closed has something new; it comes round again")
        return False


def _check_another_administrator(owner: "User") -> None:
    admins = get_user_model().objects.filter(is_superuser=True, is_active=True)
    if owner.is_superuser and owner.is_active and not admins.exclude(pk=owner.pk).exists():
        raise JobConflict(
            "You are the only administrator of this site. Make somebody else one first, in the "
            "administration pages; then this account can be deleted."
        )


def _stop_running(owner: "User") -> bool:
    """Cancel the running jobs; returns whether none runs. A worker writes to the job's folder until
    it has stopped."""
    running = Job.objects.filter(owner=owner, status=JobStatus.PROCESSING)
    running.filter(cancel_requested_at=None).update(cancel_requested_at=timezone.now())
    return not running.exists()


def _remove_jobs(closure: AccountClosure, owner: "User") -> bool:
    """Delete one portion of the jobs that no worker holds; returns False when there is none."""
    with transaction.atomic():
        idle = Job.objects.filter(owner=owner).exclude(status=JobStatus.PROCESSING)
        jobs = list(idle.select_for_update(of=("self",)).only("pk")[:PORTION])
        if not jobs:
            return False
        ids = [job.pk for job in jobs]
        files = Artifact.objects.one_per_file().filter(job__in=ids)
        tracks = files.aggregate(total=Sum("size_bytes"))
        _forget_in_log(Job, ids)
        _count(closure, jobs=len(ids), size_bytes=tracks["total"] or 0)
        Job.objects.filter(pk__in=ids).delete()
        for job in jobs:
            transaction.on_commit(partial(remove_folder, job.directory), robust=True)
    return True


def _remove_upload(upload: Upload) -> bool:
    """Delete the upload; returns False while a request sends to it. Such a request ends soon: see
    ``Part``."""
    try:
        with held_part(upload) as part:
            _forget_in_log(Upload, [upload.pk])
            release_upload(part.upload)
    except UploadBusy:
        return False
    except UploadGone:
        pass
    return True


def _remove_songs(closure: AccountClosure, owner: "User") -> bool:
    """Delete one portion of the songs; returns False when there is none. Call it when no job is
    left."""
    with transaction.atomic():
        songs = list(Source.objects.filter(owner=owner).select_for_update()[:PORTION])
        if not songs:
            return False
        ids = [song.pk for song in songs]
        _forget_in_log(Source, ids)
        _count(closure, songs=len(ids), size_bytes=sum(song.size_bytes for song in songs))
        Source.objects.filter(pk__in=ids).delete()
        for song in songs:
            transaction.on_commit(partial(remove_file, song.path), robust=True)
    return True


def _remove_account(closure: AccountClosure, owner: "User") -> bool:
    _end_sessions(owner)
    with transaction.atomic():
        lock_account(owner, closed_too=True)
        # Not `type(owner)`, as `request.user` is a lazy proxy.
        _forget_in_log(get_user_model(), [owner.pk])
        _forget_in_log(Batch, [batch.pk for batch in Batch.objects.filter(owner=owner)])
        _forget_in_log(SetList, [each.pk for each in SetList.objects.filter(owner=owner)])
        # Protected rows are deleted already; all other rows of the account cascade.
        get_user_model().objects.filter(pk=owner.pk).delete()
        AccountClosure.objects.filter(pk=closure.pk).update(completed_at=timezone.now())
    record = AccountClosure.objects.get(pk=closure.pk)
    _log.info(
        "an account is deleted, with %s job(s), %s song(s), %s bytes",
        record.jobs,
        record.songs,
        record.size_bytes,
    )
    return True


def _count(closure: AccountClosure, **more: int) -> None:
    columns = {name: F(name) + count for name, count in more.items()}
    AccountClosure.objects.filter(pk=closure.pk).update(**columns)


def _forget_in_log(model: type[Model], ids: Sequence[object]) -> None:
    """Remove the names of these objects from the log of the administration pages, which keeps the
    actions."""
    kind = ContentType.objects.get_for_model(model)
    entries = LogEntry.objects.filter(content_type=kind, object_id__in=[str(pk) for pk in ids])
    entries.update(object_repr=FORGOTTEN, change_message="")


def _end_sessions(owner: "User") -> None:
    """Delete the account's sessions. They grant no access any more, but contain its id."""
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(owner.pk):
            session.delete()
