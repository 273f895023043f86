"""Creates a job for each file of a form; one bad song does not stop the others."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.files.uploadedfile import UploadedFile

from jobs.models import Batch, Job
from jobs.services.job.create import submit_song
from jobs.services.quotas.reservation import Hold
from separation.errors import SeparationError
from separation.request.separation_request import SeparationRequest


@dataclass(frozen=True)
class SubmissionOutcome:
    """The result of one file: a job, or the error."""

    name: str
    job: Job | None = None
    error: SeparationError | None = None


def submit_files(
    *,
    hold: Hold,
    files: Iterable["UploadedFile[bytes]"],
    request: SeparationRequest,
    batch: Batch | None = None,
) -> list[SubmissionOutcome]:
    """``hold``: the reservation for the form's body. ``batch``: the batch of the songs."""
    outcomes = []
    for file in files:
        name = file.name or "file without a name"
        try:
            job = submit_song(
                hold=hold,
                name=file.name or "",
                chunks=file.chunks(),
                declared_size=file.size,
                request=request,
                batch=batch,
            )
            outcomes.append(SubmissionOutcome(name=name, job=job))
        except SeparationError as error:
            outcomes.append(SubmissionOutcome(name=name, error=error))
    return outcomes
