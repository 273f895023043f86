"""Parsers of JSON and forms that read a body up to ``MAX_FIELDS_BYTES``."""

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from separation.errors import TooLarge


class _Bounded(parsers.BaseParser):
    """Limits the size of the body for one of DRF's parsers.

    Raises ``TooLarge``, and ``ParseError`` also for a body that is nested deeper than Python's
    recursion limit.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return super().parse(_bounded(stream), media_type, parser_context)
        except RecursionError:
            raise ParseError("The body is nested too deeply.") from None


class JSONParser(_Bounded, parsers.JSONParser):
    pass


class FormParser(_Bounded, parsers.FormParser):
    pass


class MultiPartParser(_Bounded, parsers.MultiPartParser):
    """For forms without a song; :mod:`jobs.api.uploads.song_form` parses those with one."""


def _bounded(stream: IO[bytes]) -> BytesIO:
    """The whole body. Django limits fields by ``DATA_UPLOAD_MAX_MEMORY_SIZE``, but it writes the
    files of a form to its temporary folder without a limit, whoever sends them."""
    most = settings.MAX_FIELDS_BYTES
    body = bytearray()
    while block := stream.read(most + 1 - len(body)):
        body += block
        if len(body) > most:
            raise TooLarge(
                f"A request without a song has at most {most:,} bytes; this one has more."
            )
    return BytesIO(body)
