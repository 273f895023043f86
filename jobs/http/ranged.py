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
    request: HttpRequest, path: Path, *, sha256: str, filename: str, as_attachment: bool = True
) -> HttpResponseBase:
    """Answer GET or HEAD with ``path``, whose content is that of ``sha256``.

    Knows ``Range`` (one part; several are answered with the whole), ``If-Range``,
    ``If-None-Match`` and ``If-Match``. Raises ``FileNotFoundError``.
    """
    size = path.stat().st_size
    etag = quote_etag(sha256)
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None:
        response = _accelerated(path) or _content(request, path, size, etag)
        response.headers["Content-Type"] = content_type(path)
        response.headers["Content-Disposition"] = (
            content_disposition_header(as_attachment, filename) or "inline"
        )
    response.headers["ETag"] = etag
    # Revalidated each time: what belongs to a person stops being served when access ends.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def content_type(path: Path) -> str:
    return CONTENT_TYPES.get(path.suffix.lower(), "application/octet-stream")


def _content(request: HttpRequest, path: Path, size: int, etag: str) -> HttpResponseBase:
    try:
        part = _wanted_part(request, size, etag)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response: HttpResponseBase
    response = HttpResponse() if request.method == "HEAD" else _streamed(path, part)
    # Here and not for X-Accel-Redirect: the proxy that sends a file adds its own.
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


def _wanted_part(request: HttpRequest, size: int, etag: str) -> ByteRange | None:
    header = request.headers.get("Range")
    if header is None:
        return None
    # If-Range: a part only of the very same content. A date never matches, as none was sent.
    if request.headers.get("If-Range", etag).strip() != etag:
        return None
    return parse_range(header, size)


def _accelerated(path: Path) -> HttpResponse | None:
    """Leave the sending, ranges included, to the reverse proxy in front."""
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
    """FileResponse streams in blocks and closes its file; the headers are ours."""

    block_size = BLOCK_BYTES

    def set_headers(self, filelike: object) -> None:
        pass


class _Window:
    """A part of a file, which has been sought to its start. It has no ``fileno``: a server that
    sends files by descriptor would not stop where the part ends."""

    def __init__(self, file: BinaryIO, part: ByteRange) -> None:
        self._file = file
        self._left = part.length
        self.window = file, part.start, part.length
        """For a server that sends parts of files."""

    def read(self, count: int = -1) -> bytes:
        wanted = self._left if count < 0 else min(count, self._left)
        block = self._file.read(wanted)
        self._left -= len(block)
        return block

    def close(self) -> None:
        self._file.close()
