"""Responses with the files of a job; the caller has selected the job with ``visible_to``."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from jobs.errors import JobConflict
from jobs.http.archive import archive_response
from jobs.http.errors import AudioDeleted, TrackNotFound
from jobs.http.ranged import ranged_file_response
from jobs.models import Artifact, Job
from jobs.models.job import JobStatus
from jobs.services.archive import download_name, job_zip
from jobs.services.storage.integrity import ensure_intact


def track_response(
    request: HttpRequest, job: Job, track: str, *, as_attachment: bool = True
) -> HttpResponseBase:
    """One delivered track; ``as_attachment`` False lets a browser play it.

    Raises ``JobConflict`` before the job is complete, ``AudioDeleted``, ``TrackNotFound``,
    ``ArtifactDamaged``.
    """
    check_downloadable(job)
    artifact = _find(job, track)
    ensure_intact(artifact)
    return ranged_file_response(
        request,
        artifact.file,
        sha256=artifact.sha256,
        filename=download_name(artifact),
        as_attachment=as_attachment,
    )


def all_tracks_response(request: HttpRequest, job: Job) -> HttpResponseBase:
    """Every track in one ZIP. Raises ``JobConflict``, ``AudioDeleted`` or ``ArtifactDamaged``."""
    check_downloadable(job)
    return archive_response(request, job_zip(job))


def deletion_sentence(job: Job) -> str:
    """A sentence that says when the audio of a job was deleted; empty while the audio exists."""
    if job.audio_deleted_at is None:
        return ""
    return (
        f"The audio of this job was deleted on {job.audio_deleted_at:%Y-%m-%d}, as this site keeps "
        "it for a limited time. Its manifest is still here."
    )


def check_downloadable(job: Job) -> None:
    if job.audio_deleted_at is not None:
        raise AudioDeleted(deletion_sentence(job), job)
    if job.status in (JobStatus.PENDING, JobStatus.PROCESSING):
        raise JobConflict("The job is not finished yet. Ask again when its status is completed.")
    if job.status != JobStatus.COMPLETED:
        ended = "it has failed" if job.status == JobStatus.FAILED else "it was cancelled"
        raise JobConflict(f"The job has no files to download: {ended}.")


def _find(job: Job, track: str) -> Artifact:
    artifacts = {artifact.name: artifact for artifact in job.artifacts.all()}
    if track not in artifacts:
        raise TrackNotFound(
            f"This job has no track {track!r}. It has: {', '.join(artifacts) or 'none'}."
        )
    return artifacts[track]
