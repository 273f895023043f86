"""Retry and cancel for many jobs at once, through the same services as the pages and the API."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs.models import Job
from jobs.services.job.cancel import cancel_job
from jobs.services.job.delete import delete_job
from jobs.services.job.retry import retry_job
from separation.errors import SeparationError


def apply(
    request: HttpRequest,
    jobs: QuerySet[Job],
    service: Callable[..., Any],
    done: str,
    *,
    announce: bool = True,
) -> None:
    """Call ``service`` for each job; report how many it refused, by reason."""
    refused: Counter[str] = Counter()
    succeeded = 0
    for job in jobs.select_related("source", "owner"):
        try:
            service(job=job)
            succeeded += 1
        except SeparationError as error:
            refused[error.detail] += 1
    if succeeded and announce:
        messages.success(request, f"{succeeded} job(s) {done}.")
    for reason, count in refused.items():
        messages.warning(request, f"{count} job(s) not {done}: {reason}")


@admin.action(description="Run selected jobs again", permissions=("change",))
def retry(modeladmin: object, request: HttpRequest, jobs: QuerySet[Job]) -> None:
    apply(request, jobs, retry_job, "put back into the queue")


@admin.action(description="Cancel selected jobs", permissions=("change",))
def cancel(modeladmin: object, request: HttpRequest, jobs: QuerySet[Job]) -> None:
    apply(request, jobs, cancel_job, "cancelled")


def delete(request: HttpRequest, jobs: QuerySet[Job]) -> None:
    """For Django's own action, which announces the success itself."""
    apply(request, jobs, delete_job, "deleted", announce=False)
