"""What the page of an ended job has below its mixer: the contents of each tab."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from jobs.models import Job
from jobs.models.job import JobStatus

PARTIALS = "jobs/partials"


@dataclass(frozen=True)
class Panel:
    """``name``: its id, which an address may have as its fragment. ``parts``: templates."""

    name: str
    label: str
    parts: tuple[str, ...]


def panels(job: Job, context: dict[str, Any]) -> list[Panel]:
    """Only those that have something to show, in their order."""
    return [
        Panel(name, label, tuple(f"{PARTIALS}/{part}.html" for part in parts))
        for name, label, parts in (
            ("mix", _("Mix"), list(_mix(context))),
            ("downloads", _("Downloads"), list(_downloads(job, context))),
            ("quality", _("Quality"), list(_quality(context))),
            ("share", _("Share"), ["share"] if context.get("share_form") else []),
            ("details", _("Details"), list(_details(context))),
        )
        if parts
    ]


def _mix(context: dict[str, Any]) -> Iterator[str]:
    if context.get("mix_formats"):
        yield "mix"


def _downloads(job: Job, context: dict[str, Any]) -> Iterator[str]:
    if context["groups"] and job.status == JobStatus.COMPLETED and job.audio_deleted_at is None:
        yield "downloads"


def _quality(context: dict[str, Any]) -> Iterator[str]:
    if context["quality"]:
        yield "quality"
    if context["scores"]:
        yield "scores"


def _details(context: dict[str, Any]) -> Iterator[str]:
    yield "details"
    if context.get("again_form"):
        yield "comparisons"
    yield "actions"
