"""Delete an account with everything: closed at once, removed as soon as nothing of it runs.

What is removed goes in portions, files after the rows that named them, and the account last: a
deletion that breaks off anywhere is taken up again by the housekeeping.
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
from jobs.models import AccountClosure, ApiToken, Artifact, Batch, Job, Source, Upload
from jobs.models.account_lock import lock_account
from jobs.models.job import JobStatus
from jobs.services.sources.receive_source import release_upload
from jobs.services.sources.upload_parts import held_part
from jobs.services.storage.files import remove_file, remove_folder

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PORTION = 100
"""Rows that go in one transaction, which others wait for on SQLite."""

FORGOTTEN = "deleted with its account"

_log = logging.getLogger("jobs.account")


def close_account(*, owner: "User") -> bool:
    """True when all of it is gone; else the rest follows once its running job has stopped.

    From the first moment on nobody can log in, no token opens anything and nothing new is taken.
    Safe to repeat. Raises ``JobConflict`` for the only administrator, without whom the site could
    be taken over by whoever starts it next.
    """
    with transaction.atomic():
        lock_account(owner, closed_too=True)
        _check_another_administrator(owner)
        get_user_model().objects.filter(pk=owner.pk).update(is_active=False)
        ApiToken.objects.filter(user=owner).delete()
        closure, _ = AccountClosure.objects.get_or_create(account=owner)
    return finish_closure(closure)


def finish_closures() -> int:
    """Go on with what could not be removed at once; returns how many accounts are gone now.

    One that cannot go on keeps no other waiting, and comes round again. Raises an
    ``ExceptionGroup`` of what stood in the way of each, at the end.
    """
    finished = 0
    in_the_way: list[Exception] = []
    for closure in AccountClosure.objects.under_way().select_related("account"):
        try:
            finished += finish_closure(closure)
        except Exception as error:
            error.add_note(f"while closure {closure.pk} was finished")
            in_the_way.append(error)
    if in_the_way:
        raise ExceptionGroup("accounts cannot be removed", in_the_way)
    return finished


def finish_closure(closure: AccountClosure) -> bool:
    """Remove what can be removed now; True when nothing is left. Safe to run by several at once."""
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
        return True  # somebody else was faster
    except (ProtectedError, IntegrityError):
        # A campaign of the operator made a job for one of the songs this very moment.
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
    """Tell what runs to stop; True when nothing does. A worker writes to its folder until then."""
    running = Job.objects.filter(owner=owner, status=JobStatus.PROCESSING)
    running.filter(cancel_requested_at=None).update(cancel_requested_at=timezone.now())
    return not running.exists()


def _remove_jobs(closure: AccountClosure, owner: "User") -> bool:
    """One portion of those that no worker holds; False when there was none."""
    with transaction.atomic():
        idle = Job.objects.filter(owner=owner).exclude(status=JobStatus.PROCESSING)
        jobs = list(idle.select_for_update(of=("self",)).only("pk")[:PORTION])
        if not jobs:
            return False
        ids = [job.pk for job in jobs]
        tracks = Artifact.objects.filter(job__in=ids).aggregate(total=Sum("size_bytes"))
        _forget_in_log(Job, ids)
        _count(closure, jobs=len(ids), size_bytes=tracks["total"] or 0)
        Job.objects.filter(pk__in=ids).delete()
        for job in jobs:
            transaction.on_commit(partial(remove_folder, job.directory), robust=True)
    return True


def _remove_upload(upload: Upload) -> bool:
    """False while a request still sends to it, which ends within moments: see ``Part``."""
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
    """As above; call it once no job is left."""
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
        # Not `type(owner)`: a request brings a lazy stand-in.
        _forget_in_log(get_user_model(), [owner.pk])
        _forget_in_log(Batch, [batch.pk for batch in Batch.objects.filter(owner=owner)])
        # What it points to has gone already, and what points to it goes with it.
        get_user_model().objects.filter(pk=owner.pk).delete()
        AccountClosure.objects.filter(pk=closure.pk).update(completed_at=timezone.now())
    told = AccountClosure.objects.get(pk=closure.pk)
    _log.info(
        "an account is deleted, with %s job(s), %s song(s), %s bytes",
        told.jobs,
        told.songs,
        told.size_bytes,
    )
    return True


def _count(closure: AccountClosure, **more: int) -> None:
    columns = {name: F(name) + count for name, count in more.items()}
    AccountClosure.objects.filter(pk=closure.pk).update(**columns)


def _forget_in_log(model: type[Model], ids: Sequence[object]) -> None:
    """The operator's log in the administration pages keeps what was done, without a name."""
    kind = ContentType.objects.get_for_model(model)
    told = LogEntry.objects.filter(content_type=kind, object_id__in=[str(pk) for pk in ids])
    told.update(object_repr=FORGOTTEN, change_message="")


def _end_sessions(owner: "User") -> None:
    """They open nothing any more, but each holds whose it was."""
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(owner.pk):
            session.delete()
