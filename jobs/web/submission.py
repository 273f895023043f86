"""Files of one form become jobs, each on its own: one bad song does not hold back the others."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.files.uploadedfile import UploadedFile

from jobs.models import Job
from jobs.services.create import create_job, discard_source_if_unused
from jobs.services.intake import receive_source
from separation.errors import SeparationError
from separation.request import SeparationRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True)
class Outcome:
    """What became of one file: a job, or the reason why there is none."""

    name: str
    job: Job | None = None
    error: SeparationError | None = None


def submit_file(*, owner: "User", file: "UploadedFile[bytes]", request: SeparationRequest) -> Job:
    """Raises any ``SeparationError`` of intake or creation, and then leaves nothing behind."""
    source = receive_source(
        owner=owner, name=file.name or "", chunks=file.chunks(), declared_size=file.size
    )
    try:
        return create_job(owner=owner, source=source, request=request)
    except SeparationError:
        discard_source_if_unused(source=source)
        raise


def submit_files(
    *, owner: "User", files: Iterable["UploadedFile[bytes]"], request: SeparationRequest
) -> list[Outcome]:
    outcomes = []
    for file in files:
        name = file.name or "file without a name"
        try:
            job = submit_file(owner=owner, file=file, request=request)
            outcomes.append(Outcome(name=name, job=job))
        except SeparationError as error:
            outcomes.append(Outcome(name=name, error=error))
    return outcomes
