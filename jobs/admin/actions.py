"""Retry and cancel for many jobs at once, through the same services as the pages and the API."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from jobs.models import Job
from jobs.services.job.cancel import cancel_job
from jobs.services.job.delete import delete_job
from jobs.services.job.retry import retry_job
from separation.errors import SeparationError


@dataclass(frozen=True)
class Words:
    """What an action says, for a count; ``done`` is None where Django says it."""

    done: Callable[[int], str] | None
    refused: Callable[[int], str]


def apply(
    request: HttpRequest, jobs: QuerySet[Job], service: Callable[..., Any], words: Words
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
    if succeeded and words.done:
        messages.success(request, words.done(succeeded) % {"count": succeeded})
    for reason, count in refused.items():
        sentence = words.refused(count) % {"count": count, "reason": reason}
        messages.warning(request, sentence)


RETRIED = Words(
    done=lambda count: ngettext(
        "%(count)d separation waits again.", "%(count)d separations wait again.", count
    ),
    refused=lambda count: ngettext(
        "%(count)d separation does not run again: %(reason)s",
        "%(count)d separations do not run again: %(reason)s",
        count,
    ),
)
CANCELLED = Words(
    done=lambda count: ngettext(
        "%(count)d separation is cancelled.", "%(count)d separations are cancelled.", count
    ),
    refused=lambda count: ngettext(
        "%(count)d separation is not cancelled: %(reason)s",
        "%(count)d separations are not cancelled: %(reason)s",
        count,
    ),
)
DELETED = Words(
    done=None,  # Django's own action announces it.
    refused=lambda count: ngettext(
        "%(count)d separation is not deleted: %(reason)s",
        "%(count)d separations are not deleted: %(reason)s",
        count,
    ),
)


@admin.action(description=_("Run again"), permissions=("change",))
def retry(modeladmin: object, request: HttpRequest, jobs: QuerySet[Job]) -> None:
    apply(request, jobs, retry_job, RETRIED)


@admin.action(description=_("Cancel"), permissions=("change",))
def cancel(modeladmin: object, request: HttpRequest, jobs: QuerySet[Job]) -> None:
    apply(request, jobs, cancel_job, CANCELLED)


def delete(request: HttpRequest, jobs: QuerySet[Job]) -> None:
    apply(request, jobs, delete_job, DELETED)
