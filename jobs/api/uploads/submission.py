"""Creates the job of a request, or raises an error and leaves nothing behind.

The song comes in a form, as the bare body, by the id of a stored song, or by an address.
"""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, QueryDict
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches

from jobs.api.batch_choice import named_batch
from jobs.api.parsers import JSONParser
from jobs.api.uploads.choices import choice_fields, read_choices
from jobs.api.uploads.serializers import KnownSongSerializer
from jobs.api.uploads.song_form import SongFormParser
from jobs.http.bodies import BLOCK_BYTES, blocks, declared_length
from jobs.models import Job, Source
from jobs.services.job.create import create_job, submit_song
from jobs.services.job.request_validation import check_request, request_with_defaults
from jobs.services.quotas.reservation import reserve
from jobs.services.uploads.url_import import check_url_import, import_song
from separation.errors import DiskFull, InvalidOptions, TooLarge
from separation.request.separation_request import SeparationRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

FORM_BYTES = 1024 * 1024
"""The size of a form besides its file: boundaries and a few short fields."""

BARE_TYPES = ("application/octet-stream", "audio/*", "video/*")
FILE_FIELDS = ("file", "audio")

NOTHING_ELSE: Mapping[str, Any] = MappingProxyType({})


class BareBodyParser(BaseParser):
    """Accepts a bare body in content negotiation; ``blocks`` reads the body itself."""

    media_type = BARE_TYPES[0]

    def parse(self, *_: object) -> QueryDict:
        """No fields, and no byte is read: a session's CSRF check reads ``request.POST`` first."""
        return QueryDict()


class AudioBodyParser(BareBodyParser):
    media_type = BARE_TYPES[1]


class VideoBodyParser(BareBodyParser):
    media_type = BARE_TYPES[2]


UPLOAD_PARSERS = (SongFormParser, BareBodyParser, AudioBodyParser, VideoBodyParser, JSONParser)


@dataclass(frozen=True)
class Upload:
    """``choices``: all fields besides the file; ``declared_size``: None if it was not announced."""

    name: str
    chunks: Iterable[bytes]
    declared_size: int | None
    choices: QueryDict


def submit(request: Request, usual: Mapping[str, Any] = NOTHING_ELSE) -> Job:
    """Check the request as far as possible before its body is read, then receive the song and
    queue the job.

    ``usual``: what holds at this address where the request names no preset. Raises a
    ``SeparationError`` or one of DRF's errors, and leaves nothing behind then.
    """
    if media_type_matches(JSONParser.media_type, request.content_type or ""):
        return _submit_named(request, usual)
    size = declared_length(request._request)
    if size is not None and size > settings.MAX_UPLOAD_BYTES + FORM_BYTES:
        raise TooLarge(
            f"The request has {size / 1e6:.1f} MB; at most "
            f"{settings.MAX_UPLOAD_BYTES / 1e6:.1f} MB are accepted."
        )
    with reserve(owner=cast("User", request.user), size_bytes=size) as hold:
        upload = read_upload(request, size)
        separation_request = _separation_request(upload.choices, usual)
        check_request(request=separation_request)
        batch = named_batch(request, upload.choices.get("batch"))
        return submit_song(
            hold=hold,
            name=upload.name,
            chunks=upload.chunks,
            declared_size=upload.declared_size,
            request=separation_request,
            batch=batch,
        )


def _separation_request(fields: QueryDict, usual: Mapping[str, Any]) -> SeparationRequest:
    options = read_choices(fields)
    return request_with_defaults(options=options if "preset" in options else {**usual, **options})


def _submit_named(request: Request, usual: Mapping[str, Any]) -> Job:
    """Create the job of a song that this request names by its id or its address."""
    fields = request.data if isinstance(request.data, Mapping) else {}
    if "url" in fields or (settings.URL_IMPORT and "source_id" not in fields):
        return _submit_import(request, usual)
    return _submit_known(request, usual)


def _submit_known(request: Request, usual: Mapping[str, Any]) -> Job:
    """Create the job of a song that was uploaded before."""
    serializer = KnownSongSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    sources = Source.objects.visible_to(request.user)
    source = sources.filter(pk=serializer.validated_data["source_id"]).first()
    if source is None:
        raise Http404("There is no such song.")
    separation_request = _separation_request(choice_fields(request.data), usual)
    batch = named_batch(request, serializer.validated_data.get("batch"))
    owner = cast("User", request.user)
    return create_job(owner=owner, source=source, request=separation_request, batch=batch)


def read_upload(request: Request, size: int | None) -> Upload:
    """The file and the other fields, from a form or a bare body of ``size`` bytes."""
    if any(media_type_matches(kind, request.content_type or "") for kind in BARE_TYPES):
        return _bare_upload(request, size)
    return _form_upload(request, size or 0)


def _bare_upload(request: Request, size: int | None) -> Upload:
    name = unquote(request.headers.get("X-Filename", "")) or request.query_params.get("filename")
    return Upload(name or "song", blocks(request._request, size), size, request.query_params)


def _form_upload(request: Request, size: int) -> Upload:
    if not size and request.META.get("HTTP_TRANSFER_ENCODING"):
        # Django reads a form without a length as an empty one.
        raise InvalidOptions(
            "A form must state its length (Content-Length). Send the song as the bare body, which "
            "may come in chunks, with the choices in the address."
        )
    # Django writes the file to its temporary folder before a view can check it.
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


def _submit_import(request: Request, usual: Mapping[str, Any]) -> Job:
    """Raises ``UrlImportOff`` and all that :func:`jobs.services.uploads.url_import.import_song`
    raises."""
    check_url_import()
    fields: Mapping[str, Any] = request.data if isinstance(request.data, Mapping) else {}
    url = fields.get("url")
    if not isinstance(url, str) or not url.strip():
        raise InvalidOptions("Send the address of the song as `url`.")
    option_fields = {name: value for name, value in fields.items() if name != "url"}
    separation_request = _separation_request(choice_fields(option_fields), usual)
    batch = named_batch(request, fields.get("batch"))
    return import_song(
        owner=cast("User", request.user), url=url, request=separation_request, batch=batch
    )
