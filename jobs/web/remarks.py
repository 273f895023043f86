"""What a job's page says of how it went: sentences, and lines whose reasons are the operator's."""

from dataclasses import dataclass

from jobs.models import Job
from separation.protocol.remarks import split_remark


@dataclass(frozen=True)
class Remark:
    """``is_line``: it has a reason, which the manifest and the operator's page tell."""

    text: str
    is_line: bool


def remarks(job: Job) -> list[Remark]:
    told = (split_remark(warning) for warning in job.warnings)
    return [Remark(line, is_line=bool(reason)) for line, reason in told]
