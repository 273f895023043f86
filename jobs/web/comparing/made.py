"""How a result was made, in the words that tell it from another result of the same song."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.models import Job
from jobs.services.quality import report_of
from jobs.web.results import made_with, time_taken
from jobs.web.uploads.choices import OWN_CHOICE, PRESET_CHOICES


@dataclass(frozen=True)
class Made:
    """``took`` and ``quality`` are empty where nothing is known."""

    job: Job
    preset: str
    model: str
    took: str
    quality: str
    is_flagged: bool

    @property
    def name(self) -> str:
        return f"{self.preset}, {self.model}"


def made_of(job: Job) -> Made:
    quality, is_flagged = _quality(job)
    return Made(
        job=job,
        preset=dict(PRESET_CHOICES).get(job.request.get("preset") or OWN_CHOICE, OWN_CHOICE),
        model=made_with(job),
        took=time_taken(job),
        quality=quality,
        is_flagged=is_flagged,
    )


def _quality(job: Job) -> tuple[str, bool]:
    report = report_of(job)
    if report is None:
        return "", False
    flagged = sum(bool(stem.findings) for stem in report.stems)
    if flagged:
        words = ngettext(
            "listen to %(count)d stem before you use it",
            "listen to %(count)d stems before you use them",
            flagged,
        )
        return words % {"count": flagged}, True
    return (_("something to hear for"), True) if report.findings else (_("good"), False)
