"""The song as its owner sent it, for a browser to play; the caller has checked the access."""

from typing import Final

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from jobs.http.ranged import ranged_file_response
from jobs.models import Source

MEDIA_TYPES: Final = {
    "wav": "audio/wav",
    "rf64": "audio/wav",
    "aiff": "audio/aiff",
    "caf": "audio/x-caf",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
    "mp4": "audio/mp4",
    "matroska": "audio/webm",
}
"""By the container that was recognised by its bytes. Neither the file's name nor what the sender
said of it counts, so that no upload can become a page. No browser plays the others."""


def media_type_of(source: Source) -> str:
    """Empty where no browser plays the song, or its file is gone."""
    return MEDIA_TYPES.get(source.container, "") if source.path.is_file() else ""


def original_response(request: HttpRequest, source: Source) -> HttpResponseBase:
    """The song, with ranges. Raises ``Http404`` where :func:`media_type_of` is empty."""
    media_type = media_type_of(source)
    try:
        if media_type:
            return ranged_file_response(
                request,
                source.path,
                sha256=source.sha256,
                filename=source.original_name,
                as_attachment=False,
                media_type=media_type,
            )
    except FileNotFoundError:
        pass  # It was deleted just now.
    raise Http404("this song cannot be played here")
