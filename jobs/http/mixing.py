"""A mix as a response: rendered while the request waits, then sent from an unlinked file."""

from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from jobs.http.downloads import check_downloadable
from jobs.http.ranged import StreamedFile, content_type
from jobs.models import Job
from jobs.services.mixing import Mix, mix_of
from separation.mixdown.request import MixRequest


def mix_response(job: Job, request: MixRequest) -> HttpResponseBase:
    """Raises ``JobConflict``, ``AudioDeleted`` and the errors of ``mix_of``."""
    check_downloadable(job)
    with mix_of(job, request) as mix:
        return _sent(mix)


def _sent(mix: Mix) -> HttpResponseBase:
    """The folder of the mix is deleted at once, and the open file stays readable. So an aborted
    download or a killed server leaves no file behind."""
    response = StreamedFile(mix.path.open("rb"))
    headers = response.headers
    headers["Content-Type"] = content_type(mix.path)
    headers["Content-Length"] = str(mix.path.stat().st_size)
    headers["Content-Disposition"] = content_disposition_header(True, mix.filename) or ""
    headers["Accept-Ranges"] = "none"
    headers["Cache-Control"] = "private, no-store"
    headers["X-Content-Type-Options"] = "nosniff"
    return response
