"""The e-mail that a batch is done: which is due, who sends it, what it says, what went wrong.

What is due is read from the rows, never remembered: however many jobs end at once, and whatever
was killed between their end and the sending, it is found due until it is written down as sent. One
process at a time has a mail in hand, by a conditional update. Only where it is killed in the
moment between the server's "taken" and that note would the mail be sent again; it then has the
same Message-ID, by which mail programs know a copy.
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

from jobs.models import Batch, Job, Upload
from jobs.models.batch import BatchQuerySet
from jobs.services.batches.actions import songs_of
from jobs.services.batches.progress import sight_of
from jobs.services.email import mail_is_set_up, notice_obstacle

IN_HAND_S = 180
"""How long a mail belongs to the process that took it: longer than it may need (``WHOLE_S``)."""

WHOLE_S = 60
"""A server that says a word now and then must not keep all others waiting."""

FIRST_PAUSE_S = 60
LONGEST_PAUSE_S = 4 * 3600
NAMED = 20
"""Songs that a mail names."""

_log = logging.getLogger("jobs.notices")


def due_notices() -> BatchQuerySet:
    """Batches all of whose songs have ended, whose owners asked to be told and were not."""
    now = timezone.now()
    songs = Job.objects.filter(batch=OuterRef("pk"))
    coming = Upload.objects.unfinished().filter(batch=OuterRef("pk"))
    return (
        Batch.objects.untold()
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
    """Send what is due; returns how many were taken by the mail server. Safe to run by several at
    once. What fails is written down and tried again later."""
    if not mail_is_set_up():
        return 0
    return sum(_send_one(batch) for batch in due_notices())


def _send_one(batch: Batch) -> bool:
    if not _take_in_hand(batch):
        return False
    if obstacle := notice_obstacle(batch.owner):
        _write_down_failure(batch, obstacle)
        return False
    try:
        with _within(WHOLE_S):
            message_of(batch).send()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        # Also for an address or an answer that is none: others must get theirs.
        _write_down_failure(batch, f"{type(error).__name__}: {error}")
        return False
    _same_work(batch).update(notified_at=timezone.now(), notice_not_before=None, notice_error="")
    _log.info("batch %s: its owner is told by e-mail", batch.pk)
    return True


def _take_in_hand(batch: Batch) -> bool:
    """True for one of all who try. ``batch`` is as it is stored then."""
    until = timezone.now() + timedelta(seconds=IN_HAND_S)
    untouched = _same_work(batch).filter(notified_at=None, notice_tries=batch.notice_tries)
    batch.notice_tries += 1
    return bool(untouched.update(notice_tries=batch.notice_tries, notice_not_before=until))


def _same_work(batch: Batch) -> BatchQuerySet:
    """The row, unless songs were added meanwhile: then another mail is to come."""
    return Batch.objects.filter(pk=batch.pk, last_added_at=batch.last_added_at)


def _write_down_failure(batch: Batch, words: str) -> None:
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
    sight, songs = sight_of(batch), songs_of(batch).select_related("source")
    context = {
        "batch": batch,
        "sight": sight,
        "songs": songs[:NAMED],
        "more": max(sight.songs - NAMED, 0),
        "address": _address(batch),
        "account": _absolute(reverse("jobs:account")),
    }
    noun = "song has" if sight.songs == 1 else "songs have"
    subject = f"{sight.songs} {noun} ended: {sight.words}"
    return EmailMessage(
        subject=settings.ACCOUNT_EMAIL_SUBJECT_PREFIX + subject,
        body=render_to_string("jobs/mail/batch_done.txt", context),
        to=[batch.owner.email],
        headers={
            "Message-ID": _message_id(batch),
            # So that no holiday note answers.
            "Auto-Submitted": "auto-generated",
        },
    )


def _address(batch: Batch) -> str:
    return _absolute(reverse("jobs:batch", args=[batch.pk]))


def _absolute(path: str) -> str:
    """Empty where the operator has not said under which address people reach the site."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}" if settings.PUBLIC_URL else ""


def _message_id(batch: Batch) -> str:
    """The same for every try to tell of the same end."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("<> ") or "localhost"
    return f"<batch-{batch.pk.hex}-{_microseconds(batch.last_added_at)}@{domain}>"


def _microseconds(time: datetime) -> int:
    return round(time.timestamp() * 1e6)
