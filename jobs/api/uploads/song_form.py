"""A form with a song: what stands before the song is judged before the song is read."""

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from jobs.api.uploads.choices import read_choices
from jobs.services.job.choices import check_each


class SongFormParser(parsers.BaseParser):
    """Raises ``ParseError``, and ``InvalidOptions`` as soon as the song begins for a choice that is
    wrong by itself; what goes together is known only when the whole form is there."""

    media_type = parsers.MultiPartParser.media_type

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> "parsers.DataAndFiles[Any, Any]":
        request: HttpRequest = (parser_context or {})["request"]._request
        first = _ChoicesFirst(request)
        meta = {**request.META, "CONTENT_TYPE": media_type}
        handlers = [first, *request.upload_handlers]
        try:
            first.parser = MultiPartParser(meta, stream, handlers, request.encoding)
            return parsers.DataAndFiles(*first.parser.parse())
        except MultiPartParserError as error:
            raise ParseError(f"The form cannot be read: {error}") from None


class _ChoicesFirst(FileUploadHandler):
    """Stands before those that store the file, and leaves it to them."""

    parser: MultiPartParser

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        assert self.request is not None
        # Django hands the fields out when the form has ended, and collects them here until then.
        sent: QueryDict = self.parser._post  # type: ignore[attr-defined]
        given = self.request.GET.copy()
        for name in sent:
            given.setlist(name, sent.getlist(name))
        check_each(choices=read_choices(given))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> "UploadedFile[bytes] | None":
        return None
