"""What came of one action on many songs, in messages of the next page."""

from django.contrib import messages
from django.http import HttpRequest

from jobs.services.job.bulk import BulkOutcome

_TOLD = 5
"""Refusals that are spelled out; the rest is a number."""


def tell(request: HttpRequest, outcome: BulkOutcome, done: str) -> None:
    if outcome.done:
        songs = "song is" if outcome.done == 1 else "songs are"
        messages.success(request, f"{outcome.done} {songs} {done}.")
    for job, reason in outcome.refused[:_TOLD]:
        messages.error(request, f"{job.source.original_name}: {reason}")
    if rest := outcome.refused[_TOLD:]:
        messages.error(request, f"The same for {len(rest)} more.")
