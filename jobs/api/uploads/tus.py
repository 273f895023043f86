"""Reads and writes the headers of tus 1.0.0 (https://tus.io/protocols/resumable-upload)."""

import base64
import json
from typing import Any, ClassVar

from django.conf import settings
from django.utils.http import http_date
from rest_framework.request import Request

from jobs.models import Upload
from jobs.services.sources.upload_parts import CHECKSUMS, Checksum
from separation.errors import InvalidOptions, SeparationError, UnsupportedFormat

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
CONTENT_TYPE = "application/offset+octet-stream"
OVERRIDABLE = ("PATCH", "DELETE")
"""Methods that a client behind an old proxy may send as POST with ``X-HTTP-Method-Override``."""


class TusVersion(SeparationError):
    """The client names another version of tus than 1.0.0, or none."""

    code = "unsupported_tus_version"
    http_status: ClassVar[int] = 412


def capabilities() -> dict[str, str]:
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(settings.MAX_UPLOAD_BYTES),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    }


def is_tus(request: Request) -> bool:
    return "Tus-Resumable" in request.headers


def check_version(request: Request, *, required: bool = False) -> None:
    version = request.headers.get("Tus-Resumable")
    if version != VERSION and (required or version is not None):
        raise TusVersion(
            f"Send the header Tus-Resumable: {VERSION} (received {version or 'none'})."
        )


def check_content_type(request: Request) -> None:
    kind = (request.content_type or "").partition(";")[0].strip()
    if kind != CONTENT_TYPE:
        raise UnsupportedFormat(
            f"Send the bytes as Content-Type: {CONTENT_TYPE} (received {kind or 'none'})."
        )


def header_number(request: Request, name: str) -> int:
    """The header as a number. Raises ``InvalidOptions`` where it is missing or no whole number."""
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidOptions(f"The header {name} must be a whole number (received {text!r}).")
    return int(text)


def upload_length(request: Request) -> int:
    if "Upload-Defer-Length" in request.headers:
        raise InvalidOptions("The length must be known from the start: send Upload-Length.")
    return header_number(request, "Upload-Length")


def upload_metadata(request: Request) -> dict[str, str]:
    """``Upload-Metadata``: pairs of a key and a value in base64, which may be left out."""
    pairs = {}
    for pair in filter(None, (part.strip() for part in _metadata(request).split(","))):
        key, _, value = pair.partition(" ")
        try:
            pairs[key] = base64.b64decode(value.strip(), validate=True).decode()
        except ValueError:
            raise InvalidOptions(
                f"The value of {key!r} in Upload-Metadata must be text in base64."
            ) from None
    return pairs


def _metadata(request: Request) -> str:
    return request.headers.get("Upload-Metadata", "")


def metadata_options(metadata: dict[str, str]) -> Any:
    """The options of a job, as JSON under the key ``options``; None without that key."""
    if "options" not in metadata:
        return None
    try:
        return json.loads(metadata["options"])
    except (ValueError, RecursionError):
        raise InvalidOptions("`options` in Upload-Metadata must be an object of JSON.") from None


def upload_checksum(request: Request) -> Checksum | None:
    text = request.headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _, encoded = text.strip().partition(" ")
    if algorithm not in CHECKSUMS:
        raise InvalidOptions(
            f"There is no checksum {algorithm!r} here. There are: {', '.join(CHECKSUMS)}."
        )
    try:
        return Checksum(algorithm, base64.b64decode(encoded.strip(), validate=True))
    except ValueError:
        raise InvalidOptions("Upload-Checksum must be `algorithm digest-in-base64`.") from None


def progress_headers(upload: Upload) -> dict[str, str]:
    """The offset of an upload and its expiry; a complete upload has no expiry."""
    headers = {"Upload-Offset": str(upload.size_bytes if upload.is_finished else upload.offset)}
    if not upload.is_finished:
        headers["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return headers


def description_headers(upload: Upload) -> dict[str, str]:
    name = base64.b64encode(upload.name.encode()).decode()
    return {
        "Upload-Length": str(upload.size_bytes),
        "Upload-Metadata": f"filename {name}",
        "Cache-Control": "no-store",
    }
