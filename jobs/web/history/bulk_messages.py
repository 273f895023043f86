"""Messages on the next page about an action on many songs."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import ngettext

from jobs.services.job.bulk import BulkOutcome

MAX_REFUSALS = 5
"""The number of refusals that have a message each; the others are counted."""


Words = Callable[[int], str]
"""What was done to so many songs, as a sentence."""


def deleted(count: int) -> str:
    told = ngettext("%(count)s song is deleted.", "%(count)s songs are deleted.", count)
    return told % {"count": count}


def waiting_again(count: int) -> str:
    told = ngettext("%(count)s song is waiting again.", "%(count)s songs are waiting again.", count)
    return told % {"count": count}


def stopped(count: int) -> str:
    told = ngettext("%(count)s song is stopped.", "%(count)s songs are stopped.", count)
    return told % {"count": count}


def add_messages(request: HttpRequest, outcome: BulkOutcome, done: Words) -> None:
    if outcome.done:
        messages.success(request, done(outcome.done))
    for job, reason in outcome.refused[:MAX_REFUSALS]:
        messages.error(request, f"{job.source.label}: {reason}")
    if unlisted := outcome.refused[MAX_REFUSALS:]:
        told = ngettext(
            "The same for %(count)s more.", "The same for %(count)s more.", len(unlisted)
        )
        messages.error(request, told % {"count": len(unlisted)})
