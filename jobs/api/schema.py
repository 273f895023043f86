"""The parts of the OpenAPI description that several views share."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from jobs.api.serializers.choices import ChoicesSerializer
from jobs.api.serializers.jobs import ErrorSerializer

MEANINGS = {
    400: "The request cannot be understood, or the file cannot be used.",
    401: "No valid token or session.",
    404: "There is nothing here, or it belongs to somebody else.",
    409: "The job is not in a state that allows this.",
    413: "The file is too large.",
    415: "The file is of no format that is read here.",
    416: "The range lies behind the end of the file.",
    429: "Too many requests, or too many jobs; Retry-After says when to try again.",
    502: "The server of the song's address does not deliver a file.",
    503: "The server has no room, or is not ready; try again later.",
}


def refusals(*statuses: int) -> dict[int, OpenApiResponse]:
    """The answers of a view besides the good one; any view may throttle."""
    return {
        status: OpenApiResponse(ErrorSerializer, description=MEANINGS[status])
        for status in sorted({*statuses, 429})
    }


class UploadSerializer(ChoicesSerializer):
    """The form: one song and any choices."""

    file = serializers.FileField(help_text="The song; `audio` is taken as well.")


class ImportSerializer(ChoicesSerializer):
    """Where the site switches it on: the address of a song and any choices."""

    url = serializers.CharField(
        max_length=2_000, help_text="http or https, leading to the audio file itself."
    )


UPLOAD_BODY = {
    "multipart/form-data": UploadSerializer,
    "application/octet-stream": OpenApiTypes.BINARY,
    "application/json": ImportSerializer,
}
BARE_BODY_PARAMETERS: list[OpenApiParameter | type[serializers.Serializer[Any]]] = [
    ChoicesSerializer,
    OpenApiParameter("filename", str, description="The song's name, for a bare body."),
    OpenApiParameter("X-Filename", str, OpenApiParameter.HEADER, description="The same."),
]
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The ETag of the last answer."
)
RANGE = OpenApiParameter(
    "Range", str, OpenApiParameter.HEADER, description="One part, such as bytes=0-1023."
)
