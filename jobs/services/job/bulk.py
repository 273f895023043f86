"""One action on many jobs of one person: what can be done is done, the rest is told."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from jobs.models import Job
from separation.errors import SeparationError


@dataclass(frozen=True)
class BulkOutcome:
    """``done``: how many it worked for. ``refused``: the others, each with the reason in words."""

    done: int
    refused: tuple[tuple[Job, str], ...]


def for_each(jobs: Iterable[Job], act: Callable[[Job], object]) -> BulkOutcome:
    """``act`` on every job, one transaction each, so that one refusal undoes nothing else."""
    done, refused = 0, []
    for job in jobs:
        try:
            act(job)
            done += 1
        except SeparationError as error:
            refused.append((job, error.detail))
    return BulkOutcome(done, tuple(refused))
