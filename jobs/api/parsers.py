"""Fields sent as JSON or as a form, of which no more is read than fields can need."""

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from separation.errors import TooLarge


class _Bounded(parsers.BaseParser):
    """Stands before a parser of DRF's. Raises ``TooLarge``, or ``ParseError`` also for what is
    nested deeper than Python goes."""

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
    """For fields. Where a song may be sent, DRF's own reads it."""


def _bounded(stream: IO[bytes]) -> BytesIO:
    """The whole body. Django refuses fields above ``DATA_UPLOAD_MAX_MEMORY_SIZE``, but writes the
    files of a form to its temporary folder, however large they are and whoever sends them."""
    most = settings.MAX_FIELDS_BYTES
    body = bytearray()
    while block := stream.read(most + 1 - len(body)):
        body += block
        if len(body) > most:
            raise TooLarge(
                f"A request without a song has at most {most:,} bytes; this one has more."
            )
    return BytesIO(body)
