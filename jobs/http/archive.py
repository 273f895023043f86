"""A ZIP of one or many jobs as a response."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from jobs.services.archive import JobZip


def archive_response(request: HttpRequest, archive: JobZip) -> HttpResponseBase:
    """The ZIP is made while it is sent; its exact length is known before."""
    response: HttpResponseBase
    response = HttpResponse() if request.method == "HEAD" else StreamingHttpResponse(archive.stream)
    headers = response.headers
    headers["Content-Type"] = "application/zip"
    headers["Content-Length"] = str(archive.length)
    headers["Content-Disposition"] = content_disposition_header(True, archive.filename) or ""
    headers["Accept-Ranges"] = "none"
    headers["Cache-Control"] = "private, no-store"
    headers["X-Content-Type-Options"] = "nosniff"
    return response
