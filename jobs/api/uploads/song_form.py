"""Parses a form with a song: the fields before the song are checked before the song is read."""

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from jobs.api.uploads.choices import read_choices
from jobs.services.job.request_validation import check_each


class SongFormParser(parsers.BaseParser):
    """Raises ``ParseError``, and ``InvalidOptions`` for a wrong value as soon as the song begins.
    Combinations of options are checked later, when the whole form has arrived."""

    media_type = parsers.MultiPartParser.media_type

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> "parsers.DataAndFiles[Any, Any]":
        request: HttpRequest = (parser_context or {})["request"]._request
        options_check = _OptionsCheck(request)
        meta = {**request.META, "CONTENT_TYPE": media_type}
        handlers = [options_check, *request.upload_handlers]
        try:
            options_check.parser = MultiPartParser(meta, stream, handlers, request.encoding)
            return parsers.DataAndFiles(*options_check.parser.parse())
        except MultiPartParserError as error:
            raise ParseError(f"The form cannot be read: {error}") from None


class _OptionsCheck(FileUploadHandler):
    """Checks the options before the next upload handlers store the file."""

    parser: MultiPartParser

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        assert self.request is not None
        # Django publishes the fields at the end of the form and collects them here until then.
        sent: QueryDict = self.parser._post  # type: ignore[attr-defined]
        options = self.request.GET.copy()
        for name in sent:
            options.setlist(name, sent.getlist(name))
        check_each(options=read_choices(options))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> "UploadedFile[bytes] | None":
        return None
