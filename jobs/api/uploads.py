"""An upload, as a form or as the bare body, becomes a job or nothing at all."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast
from urllib.parse import unquote

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from rest_framework.parsers import BaseParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches

from jobs.api.errors import UploadIncomplete
from jobs.api.imports import is_import, submit_import
from jobs.api.serializers.choices import read_choices
from jobs.models import Job
from jobs.services.choices import check_request, request_with_defaults
from jobs.services.create import create_job, discard_source_if_unused, receive_source
from jobs.services.quota import check_quota
from separation.errors import DiskFull, InvalidOptions, TooLarge

if TYPE_CHECKING:
    from django.contrib.auth.models import User

BLOCK_BYTES = 64 * 1024
FORM_BYTES = 1024 * 1024
"""What a form may weigh besides its file: boundaries and a few short fields."""

BARE_TYPES = ("application/octet-stream", "audio/*", "video/*")
FILE_FIELDS = ("file", "audio")


class BareBodyParser(BaseParser):
    """Lets a bare body through content negotiation; the body itself is read in blocks."""

    media_type = BARE_TYPES[0]


class AudioBodyParser(BareBodyParser):
    media_type = BARE_TYPES[1]


class VideoBodyParser(BareBodyParser):
    media_type = BARE_TYPES[2]


UPLOAD_PARSERS = (MultiPartParser, BareBodyParser, AudioBodyParser, VideoBodyParser, JSONParser)


@dataclass(frozen=True)
class Upload:
    """``choices``: all fields besides the file; ``declared_size`` None where nobody said."""

    name: str
    chunks: Iterable[bytes]
    declared_size: int | None
    choices: QueryDict


def submit(request: Request) -> Job:
    """Check all that can be checked before the body is read, then receive it and queue the job.

    Raises a ``SeparationError`` or one of DRF's; nothing is left behind then.
    """
    if is_import(request):
        return submit_import(request)
    owner = cast("User", request.user)
    check_quota(owner=owner)
    upload = read_upload(request)
    chosen = request_with_defaults(choices=read_choices(upload.choices))
    check_request(request=chosen)
    source = receive_source(
        owner=owner, name=upload.name, chunks=upload.chunks, declared_size=upload.declared_size
    )
    try:
        return create_job(owner=owner, source=source, request=chosen)
    except BaseException:
        discard_source_if_unused(source=source)
        raise


def read_upload(request: Request) -> Upload:
    """The file and the choices beside it, from a form or a bare body."""
    size = _declared_size(request)
    if size is not None and size > settings.MAX_UPLOAD_BYTES + FORM_BYTES:
        raise TooLarge(
            f"The request has {size / 1e6:.1f} MB; at most "
            f"{settings.MAX_UPLOAD_BYTES / 1e6:.1f} MB are accepted."
        )
    if any(media_type_matches(kind, request.content_type or "") for kind in BARE_TYPES):
        return _bare_upload(request, size)
    return _form_upload(request, size or 0)


def _declared_size(request: Request) -> int | None:
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text) if text.isdigit() else None


def _bare_upload(request: Request, size: int | None) -> Upload:
    name = unquote(request.headers.get("X-Filename", "")) or request.query_params.get("filename")
    return Upload(name or "song", _blocks(_body(request), size), size, request.query_params)


def _body(request: Request) -> IO[bytes]:
    # Django takes a body without a length for empty; a server that marks the end lets it be read.
    if not request.META.get("CONTENT_LENGTH") and request.META.get("wsgi.input_terminated"):
        return cast("IO[bytes]", request.META["wsgi.input"])
    return cast("IO[bytes]", request._request)


def _blocks(body: IO[bytes], size: int | None) -> Iterator[bytes]:
    received = 0
    while block := body.read(BLOCK_BYTES):
        received += len(block)
        yield block
    if size is not None and received < size:
        raise UploadIncomplete(
            f"The connection broke: {received} of {size} bytes arrived. Send the file again."
        )


def _form_upload(request: Request, size: int) -> Upload:
    if not size and request.META.get("HTTP_TRANSFER_ENCODING"):
        # Django takes such a form for an empty one.
        raise InvalidOptions(
            "A form must state its length (Content-Length). Send the song as the bare body, which "
            "may come in chunks, with the choices in the address."
        )
    # Django writes the file to its temporary folder before anybody can look at it.
    if shutil.disk_usage(settings.FILE_UPLOAD_TEMP_DIR).free - size < settings.MIN_FREE_BYTES:
        raise DiskFull("The server has no room for this file at the moment. Try again later.")
    files = [file for field in FILE_FIELDS for file in request.FILES.getlist(field)]
    if len(files) != 1:
        received = "none" if not files else str(len(files))
        raise InvalidOptions(f"Send one song in the form field `file` (received {received}).")
    file = cast("UploadedFile[bytes]", files[0])
    choices = request.query_params.copy()
    for field in request.POST:
        choices.setlist(field, request.POST.getlist(field))
    return Upload(file.name or "song", file.chunks(BLOCK_BYTES), file.size, choices)
