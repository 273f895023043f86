"""Parts of the OpenAPI description that several views share."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers


class ErrorSerializer(serializers.Serializer[dict[str, str]]):
    """Every error, and the reason of a failed job."""

    code = serializers.CharField()
    detail = serializers.CharField()


class DeletedSerializer(ErrorSerializer):
    """The audio was deleted; the manifest is still there."""

    manifest_url = serializers.CharField()


MEANINGS = {
    400: "The request cannot be understood, or the file cannot be used.",
    401: "No valid token or session.",
    404: "There is nothing here, or it belongs to somebody else.",
    409: "The job or upload is not in a state that allows this.",
    410: "The audio was deleted; `manifest_url` leads to what is known of it.",
    412: "Another version of tus than 1.0.0.",
    413: "The file is too large.",
    415: "The file is of no format that is read here.",
    416: "The range lies behind the end of the file.",
    423: "Another request sends to this upload; try again in a moment.",
    460: "The bytes do not have the checksum that was announced.",
    429: "Too many requests, or too many jobs; Retry-After says when to try again.",
    502: "The server of the song's address does not deliver a file.",
    503: "The server has no room, or is not ready; try again later.",
}


def refusals(*statuses: int) -> dict[int, OpenApiResponse]:
    """The error answers of a view; 429 is always among them, as any view may throttle."""
    return {
        status: OpenApiResponse(
            DeletedSerializer if status == 410 else ErrorSerializer, description=MEANINGS[status]
        )
        for status in sorted({*statuses, 429})
    }


IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The ETag of the last answer."
)
RANGE = OpenApiParameter(
    "Range", str, OpenApiParameter.HEADER, description="One part, such as bytes=0-1023."
)


def _header(
    name: str, about: str, *, required: bool = False
) -> OpenApiParameter | type[serializers.Serializer[Any]]:
    return OpenApiParameter(
        name, str, OpenApiParameter.HEADER, description=about, required=required
    )


TUS_STATE = [_header("Tus-Resumable", "1.0.0, from a client of tus.")]
TUS_CREATE = [
    *TUS_STATE,
    _header("Upload-Length", "By tus: the size in bytes."),
    _header(
        "Upload-Metadata", "By tus: `filename`, and `options` as JSON and `batch`, each in base64."
    ),
]
TUS_SEND = [
    _header("Tus-Resumable", "1.0.0", required=True),
    _header("Upload-Offset", "Where these bytes belong.", required=True),
    _header("Upload-Checksum", "Such as `sha256 <digest in base64>`."),
]
CONTENT_RANGE = [
    _header("Content-Range", "Which part this is, such as bytes 0-1023/4096; none: all of it."),
    _header("Upload-Offset", "Where these bytes belong, instead of Content-Range."),
]
