"""Removes rows of the queue that nothing needs any more."""

from datetime import timedelta

from django.utils import timezone
from django_q.models import OrmQ, Task

from jobs.models import AudioUse
from jobs.services.rates import forget_ended

KEEP = timedelta(days=7)
"""How long rows are kept: long enough to investigate a failure."""


def prune_queue() -> int:
    """Remove old rows; returns how many.

    These are reports of failed tickets, tickets in a queue that no worker serves any more, rows of
    audio use that no longer count against a day's limit, and counts of ended rate limits.
    django-q2 itself keeps failures for ever, and only the last successes.
    """
    before = timezone.now() - KEEP
    old = (
        Task.objects.filter(stopped__lt=before),
        # The lock of a waiting ticket is the time when it was added; the lock of a held ticket is
        # the time of its retry.
        OrmQ.objects.filter(lock__lt=before),
        AudioUse.objects.filter(used_at__lt=before),
    )
    return sum(rows.delete()[0] for rows in old) + forget_ended()
