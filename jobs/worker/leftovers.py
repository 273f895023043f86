"""Rows of the queue that nobody will look at again."""

from datetime import timedelta

from django.utils import timezone
from django_q.models import OrmQ, Task

from jobs.models import AudioUse
from jobs.services.rates import forget_ended

KEEP = timedelta(days=7)
"""Long enough to look into what failed."""


def prune_queue() -> int:
    """Remove old reports of failed tickets, tickets for a queue that nobody serves any more, audio
    that no longer counts against a day's limit, and counts of limits that have ended; returns how
    many rows went.

    django-q2 keeps failures for ever, and only the last successes.
    """
    before = timezone.now() - KEEP
    old = (
        Task.objects.filter(stopped__lt=before),
        # The lock of a ticket that waits is when it was put; of one that is held, its retry.
        OrmQ.objects.filter(lock__lt=before),
        AudioUse.objects.filter(used_at__lt=before),
    )
    return sum(rows.delete()[0] for rows in old) + forget_ended()
