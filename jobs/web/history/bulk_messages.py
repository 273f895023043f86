"""Messages on the next page about an action on many songs."""

from django.contrib import messages
from django.http import HttpRequest

from jobs.services.job.bulk import BulkOutcome

MAX_REFUSALS = 5
"""The number of refusals that have a message each; the others are counted."""


def add_messages(request: HttpRequest, outcome: BulkOutcome, done: str) -> None:
    if outcome.done:
        songs = "song is" if outcome.done == 1 else "songs are"
        messages.success(request, f"{outcome.done} {songs} {done}.")
    for job, reason in outcome.refused[:MAX_REFUSALS]:
        messages.error(request, f"{job.source.label}: {reason}")
    if unlisted := outcome.refused[MAX_REFUSALS:]:
        messages.error(request, f"The same for {len(unlisted)} more.")
