"""What pages and API tell about a job that is on its way; reads rows, changes nothing."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from jobs.models import Job, Stage
from jobs.models.job import JobStatus

LABELS = {
    "prepare": "Reading the song",
    "separation": "Separating stems",
    "harmonic_percussive": "Splitting harmonic and percussive",
    "composite": "Mixing composite tracks",
    "normalization": "Setting levels",
    "export": "Writing and checking files",
}


@dataclass(frozen=True)
class StageProgress:
    name: str
    label: str
    status: str
    duration_s: float | None
    error_code: str
    error_detail: str


@dataclass(frozen=True)
class JobProgress:
    """``status`` is the row's; ``label`` the words for it, with a wish to cancel counted in.

    ``ahead``: jobs of the lane that were created earlier and wait too; 0 unless waiting.
    """

    status: str
    label: str
    active: bool
    percent: float
    stage: str
    message: str
    eta_s: float | None
    eta: str
    ahead: int
    error: dict[str, Any] | None
    stages: tuple[StageProgress, ...]


def job_progress(job: Job) -> JobProgress:
    """All that the job page shows; two queries at most (stages unless prefetched, queue)."""
    return JobProgress(
        status=str(job.status),
        label=status_label(job),
        active=job.is_active,
        percent=100.0 if job.status == JobStatus.COMPLETED else round(job.progress_percent, 1),
        stage=job.progress_stage,
        message=job.progress_message,
        eta_s=job.eta_s if job.is_active else None,
        eta=duration_words(job.eta_s) if job.is_active else "",
        ahead=jobs_ahead(job),
        error=job.error,
        stages=tuple(stage_progress(stage) for stage in job.stages.all()),
    )


def stage_progress(stage: Stage) -> StageProgress:
    return StageProgress(
        name=stage.name,
        label=LABELS.get(stage.name, stage.name),
        status=str(stage.status),
        duration_s=stage.duration_s,
        error_code=stage.error_code,
        error_detail=stage.error_detail,
    )


def status_label(job: Job) -> str:
    if job.is_active and job.cancel_requested:
        return "Cancelling"
    return str(JobStatus(job.status).label)


def jobs_ahead(job: Job) -> int:
    if job.status != JobStatus.PENDING:
        return 0
    waiting = Job.objects.filter(status=JobStatus.PENDING, lane=job.lane)
    return waiting.filter(created_at__lt=job.created_at).count()


def progress_etag(progress: JobProgress) -> str:
    """Changes exactly when something shown changes."""
    return hashlib.sha256(repr(asdict(progress)).encode()).hexdigest()[:32]


def duration_words(seconds: float | None) -> str:
    """``95`` is "1 min 35 s"; None is nothing."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
