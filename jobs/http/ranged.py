"""One file as a response: whole, in part, or only its headers."""

from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag

from jobs.http.ranges import ByteRange, Unsatisfiable, parse_range
from separation.formats import FORMATS

BLOCK_BYTES = 64 * 1024

CONTENT_TYPES = {
    **{row.extension: row.media_type for row in FORMATS.values()},
    ".mp4": "audio/mp4",
    ".aac": "audio/aac",
    ".jpg": "image/jpeg",
}


def ranged_file_response(
    request: HttpRequest,
    path: Path,
    *,
    sha256: str,
    filename: str,
    as_attachment: bool = True,
    media_type: str = "",
) -> HttpResponseBase:
    """Answer GET or HEAD with ``path``, whose content is that of ``sha256``; its ending tells the
    media type, unless ``media_type`` does.

    Supports ``Range`` (one part; a request for several gets the whole file), ``If-Range``,
    ``If-None-Match`` and ``If-Match``. Raises ``FileNotFoundError``.
    """
    size = path.stat().st_size
    etag = quote_etag(sha256)
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None:
        response = _accelerated(path) or _content(request, path, size, etag)
        response.headers["Content-Type"] = media_type or content_type(path)
        response.headers["Content-Disposition"] = (
            content_disposition_header(as_attachment, filename) or "inline"
        )
    response.headers["ETag"] = etag
    # The browser revalidates each time, so that a person who loses access loses the file.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def content_type(path: Path) -> str:
    return CONTENT_TYPES.get(path.suffix.lower(), "application/octet-stream")


def _content(request: HttpRequest, path: Path, size: int, etag: str) -> HttpResponseBase:
    try:
        part = _requested_part(request, size, etag)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response: HttpResponseBase
    response = HttpResponse() if request.method == "HEAD" else _streamed(path, part)
    # Only here: with X-Accel-Redirect the proxy that sends the file adds its own headers.
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Length"] = str(size if part is None else part.length)
    if part is not None:
        response.status_code = 206
        response.headers["Content-Range"] = part.content_range(size)
    return response


def _streamed(path: Path, part: ByteRange | None) -> HttpResponseBase:
    file = path.open("rb")
    if part is None:
        return StreamedFile(file)
    file.seek(part.start)
    return StreamedFile(_Window(file, part))


def _requested_part(request: HttpRequest, size: int, etag: str) -> ByteRange | None:
    header = request.headers.get("Range")
    if header is None:
        return None
    # If-Range: a part only if the content is the same. A date never matches, as none was sent.
    if request.headers.get("If-Range", etag).strip() != etag:
        return None
    return parse_range(header, size)


def _accelerated(path: Path) -> HttpResponse | None:
    """Let the reverse proxy in front send the file, ranges included."""
    if not settings.ACCEL_PREFIX:
        return None
    roots = {"outputs": Path(settings.OUTPUT_DIR), "uploads": Path(settings.UPLOAD_DIR)}
    for name, root in roots.items():
        if path.resolve().is_relative_to(root.resolve()):
            inner = quote(path.resolve().relative_to(root.resolve()).as_posix())
            address = f"{settings.ACCEL_PREFIX.rstrip('/')}/{name}/{inner}"
            return HttpResponse(headers={"X-Accel-Redirect": address})
    return None


class StreamedFile(FileResponse):
    """A FileResponse that sets no headers: the caller sets them."""

    block_size = BLOCK_BYTES

    def set_headers(self, filelike: object) -> None:
        pass


class _Window:
    """A part of a file that is already at the part's start. It has no ``fileno``: a server that
    sends files by descriptor would send beyond the end of the part."""

    def __init__(self, file: BinaryIO, part: ByteRange) -> None:
        self._file = file
        self._remaining = part.length
        self.window = file, part.start, part.length
        """File, start and length, for the gateway, which sends parts of files itself."""

    def read(self, count: int = -1) -> bytes:
        size = self._remaining if count < 0 else min(count, self._remaining)
        block = self._file.read(size)
        self._remaining -= len(block)
        return block

    def close(self) -> None:
        self._file.close()
