"""The quality report of a job, from its manifest."""

import logging

from pydantic import ValidationError

from jobs.models import Job
from separation.quality.report import REPORT_VERSION, QualityReport

_log = logging.getLogger("jobs.quality")


def report_of(job: Job) -> QualityReport | None:
    """None where the job has no stems, is not finished, or predates quality reports."""
    stored = job.manifest.get("quality")
    if stored is None:
        return None
    try:
        report = QualityReport.model_validate(stored)
    except ValidationError:
        _log.exception("job %s: the quality report is unreadable", job.pk)
        return None
    return report if report.version == REPORT_VERSION else None
