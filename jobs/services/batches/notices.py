"""Sends the e-mail that a batch is done, and records failures.

Which e-mails are due is read from the rows and never kept in memory. So an e-mail is due until it
is recorded as sent, however many jobs end at once and whatever process is killed before. A
conditional update gives an e-mail to one process at a time. If that process is killed between the
server's acceptance and the record, the e-mail is sent again. The copy has the same Message-ID, by
which mail programs recognise it.
"""

import logging
import signal
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import FrameType

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Exists, OuterRef, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from jobs.models import Batch, Job, Upload
from jobs.models.batch import BatchQuerySet
from jobs.services.account.language import language_for
from jobs.services.batches.actions import songs_of
from jobs.services.batches.progress import progress_of
from jobs.services.email import mail_is_set_up, notice_obstacle

CLAIM_S = 180
"""How long a process may hold an e-mail: longer than sending may take (``SEND_LIMIT_S``)."""

SEND_LIMIT_S = 60
"""The time limit for sending one e-mail, so that a slow server does not delay all others."""

FIRST_PAUSE_S = 60
LONGEST_PAUSE_S = 4 * 3600
MAX_NAMED_SONGS = 20
"""The maximum of songs that an e-mail names."""

_log = logging.getLogger("jobs.notices")


def due_notices() -> BatchQuerySet:
    """The batches whose songs have all ended and whose owners still await a requested e-mail."""
    now = timezone.now()
    songs = Job.objects.filter(batch=OuterRef("pk"))
    coming = Upload.objects.unfinished().filter(batch=OuterRef("pk"))
    return (
        Batch.objects.awaiting_notice()
        .filter(
            Q(notice_not_before=None) | Q(notice_not_before__lte=now),
            notice_tries__lt=settings.EMAIL_TRIES,
            last_added_at__lte=now - timedelta(seconds=settings.BATCH_QUIET_S),
            owner__is_active=True,
        )
        .filter(Exists(songs), ~Exists(songs.active()), ~Exists(coming))
        .select_related("owner")
        .order_by("last_added_at")
    )


def is_any_due() -> bool:
    return mail_is_set_up() and due_notices().exists()


def send_due_notices() -> int:
    """Send the due e-mails; returns how many the mail server accepted. Several processes may run it
    at once. Failures are recorded and tried again later."""
    if not mail_is_set_up():
        return 0
    return sum(_send_one(batch) for batch in due_notices())


def _send_one(batch: Batch) -> bool:
    if not _claim(batch):
        return False
    if obstacle := notice_obstacle(batch.owner):
        _record_failure(batch, obstacle)
        return False
    try:
        with _within(SEND_LIMIT_S):
            message_of(batch).send()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        # Also for an invalid address or answer, as the other owners must get their e-mails.
        _record_failure(batch, f"{type(error).__name__}: {error}")
        return False
    _same_work(batch).update(notified_at=timezone.now(), notice_not_before=None, notice_error="")
    _log.info("batch %s: its owner is told by e-mail", batch.pk)
    return True


def _claim(batch: Batch) -> bool:
    """Claim the e-mail; returns True for one of all processes that try. Updates ``batch``."""
    until = timezone.now() + timedelta(seconds=CLAIM_S)
    untouched = _same_work(batch).filter(notified_at=None, notice_tries=batch.notice_tries)
    batch.notice_tries += 1
    return bool(untouched.update(notice_tries=batch.notice_tries, notice_not_before=until))


def _same_work(batch: Batch) -> BatchQuerySet:
    """The row of the batch; empty if songs were added meanwhile, as another e-mail follows then."""
    return Batch.objects.filter(pk=batch.pk, last_added_at=batch.last_added_at)


def _record_failure(batch: Batch, words: str) -> None:
    _same_work(batch).update(
        notice_error=" ".join(words.split())[:255],
        notice_not_before=timezone.now() + pause_after(batch.notice_tries),
    )
    given_up = batch.notice_tries >= settings.EMAIL_TRIES
    _log.log(
        logging.ERROR if given_up else logging.WARNING,
        "batch %s: its e-mail could not be sent (try %s of %s): %s",
        batch.pk,
        batch.notice_tries,
        settings.EMAIL_TRIES,
        words,
    )


def pause_after(tries: int) -> timedelta:
    return timedelta(seconds=min(FIRST_PAUSE_S * 3 ** (tries - 1), LONGEST_PAUSE_S))


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raises ``TimeoutError`` in the main thread when the block takes longer."""

    def too_long(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"the mail server took more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def message_of(batch: Batch) -> EmailMessage:
    progress, songs = progress_of(batch), songs_of(batch).select_related("source")
    context = {
        "batch": batch,
        "sight": progress,
        "songs": songs[:MAX_NAMED_SONGS],
        "more": max(progress.songs - MAX_NAMED_SONGS, 0),
        "address": _address(batch),
        "account": _absolute(reverse("jobs:account")),
    }
    with language_for(batch.owner):
        subject = ngettext(
            "%(songs)s song has ended: %(words)s",
            "%(songs)s songs have ended: %(words)s",
            progress.songs,
        ) % {"songs": progress.songs, "words": progress.words}
        body = render_to_string("jobs/mail/batch_done.txt", context)
    return EmailMessage(
        subject=settings.ACCOUNT_EMAIL_SUBJECT_PREFIX + subject,
        body=body,
        to=[batch.owner.email],
        headers={
            "Message-ID": _message_id(batch),
            # This prevents automatic replies.
            "Auto-Submitted": "auto-generated",
        },
    )


def _address(batch: Batch) -> str:
    return _absolute(reverse("jobs:batch", args=[batch.pk]))


def _absolute(path: str) -> str:
    """The full address of ``path``; empty where the operator has not set the site's address."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}" if settings.PUBLIC_URL else ""


def _message_id(batch: Batch) -> str:
    """The id of the message, which is the same for every try to send it."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("<> ") or "localhost"
    return f"<batch-{batch.pk.hex}-{_microseconds(batch.last_added_at)}@{domain}>"


def _microseconds(time: datetime) -> int:
    return round(time.timestamp() * 1e6)
