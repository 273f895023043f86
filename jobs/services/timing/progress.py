"""Words for the progress of a job, for pages and API."""

import math

from django.utils.translation import gettext as _

from jobs.models import Job
from jobs.models.job import JobStatus

_SHORT_S, _LONG_S = 90.0, 5400.0


def status_label(job: Job) -> str:
    """The status in words; "Cancelling" for an active job with a cancel request."""
    if job.is_active and job.cancel_requested:
        return _("Cancelling")
    return str(JobStatus(job.status).label)


def whole_percent(percent: float) -> int:
    """The figure that people read; 100 is the end and nothing before it."""
    return int(cut_percent(percent, 0))


def cut_percent(percent: float, digits: int) -> float:
    """Not rounded up, but for what sums of fractions are wrong by."""
    unit = 10.0**digits
    return math.floor(percent * unit + 1e-6) / unit


def coarse_s(seconds: float) -> float:
    """Round an estimate to its precision, so that a polling page rarely changes."""
    if seconds < _SHORT_S:
        return max(round(seconds / 5) * 5.0, 5.0)
    if seconds < _LONG_S:
        return round(seconds / 60) * 60.0
    return round(seconds / 360) * 360.0


def about(seconds: float) -> str:
    """An estimate or a limit in words: ``370`` becomes "6 min"."""
    rounded = coarse_s(seconds)
    if rounded < _SHORT_S:
        return f"{rounded:.0f} s"
    if rounded < _LONG_S:
        return f"{rounded / 60:.0f} min"
    return f"{rounded / 3600:.1f}".removesuffix(".0") + " h"
