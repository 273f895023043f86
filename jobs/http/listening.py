"""Responses with the preview or the peaks of one stem; the caller has checked the access."""

from pathlib import Path

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from jobs.http.ranged import ranged_file_response
from jobs.models import Job
from jobs.services.listening.index import listening_file, state_of


def listening_response(request: HttpRequest, job: Job, relative: str) -> HttpResponseBase:
    """A preview or peaks, with ranges. Raises ``Http404`` when the file is gone."""
    return preview_response(request, listening_file(job, relative))


def preview_response(request: HttpRequest, file: Path) -> HttpResponseBase:
    """``file``, with ranges. Raises ``Http404`` when it is gone."""
    try:
        return ranged_file_response(
            request, file, sha256=state_of(file), filename=file.name, as_attachment=False
        )
    except FileNotFoundError:
        raise Http404(f"the file {file.name} is no longer there") from None
