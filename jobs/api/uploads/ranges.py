"""The place of a plain PUT's body in its upload."""

import re

from rest_framework.request import Request

from jobs.api.uploads.tus import header_number
from jobs.http.bodies import declared_length
from jobs.models import Upload
from separation.errors import InvalidOptions, TooLarge

_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.ASCII)


def put_offset(request: Request, upload: Upload) -> int | None:
    """The body's offset by ``Content-Range`` or ``Upload-Offset``; None: it is the whole file.

    Raises ``InvalidOptions`` where the headers contradict each other or the announced size.
    """
    if "Content-Range" in request.headers:
        return _range_start(request, upload)
    if "Upload-Offset" in request.headers:
        return header_number(request, "Upload-Offset")
    length = declared_length(request._request)
    if length is not None and length < upload.size_bytes:
        raise InvalidOptions(
            f"{upload.size_bytes} bytes were announced, and this body has {length}. Send the whole "
            "file, or say with Content-Range which part of it this is."
        )
    return None


def _range_start(request: Request, upload: Upload) -> int:
    text = request.headers["Content-Range"]
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise InvalidOptions(
            f"Content-Range must be like `bytes 0-1023/{upload.size_bytes}` (received {text!r})."
        )
    first, last, total = map(int, found.groups())
    length = declared_length(request._request)
    if total != upload.size_bytes or not first <= last < total:
        raise InvalidOptions(f"{text} is no part of the announced {upload.size_bytes} bytes.")
    if length is not None and length != last - first + 1:
        raise InvalidOptions(f"{text} are not the {length} bytes of this body.")
    return first


def check_fits(request: Request, upload: Upload, offset: int) -> None:
    """Raises ``TooLarge`` for a body beyond the announced size, before any byte is read."""
    length = declared_length(request._request) or 0
    if offset + length > upload.size_bytes:
        raise TooLarge(
            f"{length} bytes from byte {offset} on are more than the {upload.size_bytes} that were "
            "announced."
        )
