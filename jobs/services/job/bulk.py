"""Applies one action to many jobs of one person, and reports the jobs that refused it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from jobs.models import Job
from separation.errors import SeparationError


@dataclass(frozen=True)
class BulkOutcome:
    """``done``: the number of jobs that the action changed. ``refused``: the other jobs, each with
    the reason in words."""

    done: int
    refused: tuple[tuple[Job, str], ...]


def for_each(jobs: Iterable[Job], act: Callable[[Job], object]) -> BulkOutcome:
    """Call ``act`` for every job. Each call has its own transaction, so a refusal undoes no other
    change."""
    done, refused = 0, []
    for job in jobs:
        try:
            act(job)
            done += 1
        except SeparationError as error:
            refused.append((job, error.detail))
    return BulkOutcome(done, tuple(refused))
