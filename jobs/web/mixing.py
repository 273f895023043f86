"""The part of a job's page that exports a mix."""

from typing import Any

from jobs.models import Job
from jobs.services.mixing import has_karaoke
from jobs.web import choices


def mixing_context(job: Job, stems: list[str]) -> dict[str, Any]:
    """``stems`` are those of the mixer; empty where there are none."""
    if not stems:
        return {}
    return {
        "mix_formats": choices.FORMATS,
        "mix_format": job.request.get("format", "wav24"),
        "has_karaoke": has_karaoke(stems),
    }
