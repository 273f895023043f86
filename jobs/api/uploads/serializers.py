"""Resumable uploads, and songs that are already on the site."""

from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from jobs.api.known_fields import KnownFieldsSerializer
from jobs.api.uploads.choices import ChoicesSerializer
from jobs.models import Upload


class KnownSongSerializer(serializers.Serializer[dict[str, Any]]):
    source_id = serializers.UUIDField(help_text="`source_id` of an upload, or `input.id` of a job.")
    batch = serializers.CharField(required=False, allow_blank=True, allow_null=True)


class NewUploadSerializer(KnownFieldsSerializer):
    name = serializers.CharField(
        max_length=1000, help_text="The file's name; it is cleaned for display."
    )
    size_bytes = serializers.IntegerField(min_value=0, help_text="Exactly as many bytes will come.")
    options = serializers.DictField(
        required=False,
        allow_null=True,
        help_text="The options of a job, `{}` for the defaults: the job is then created when the "
        "upload is complete. Left out: create the job from `source_id` afterwards.",
    )
    batch = serializers.UUIDField(
        required=False, allow_null=True, help_text="A batch for that job; only with `options`."
    )


class UploadStateSerializer(serializers.ModelSerializer[Upload]):
    """One upload. ``is_duplicate``: the account already has the same bytes as ``source_id``. The
    song is not stored twice, and no job is created before a request for it."""

    url = serializers.SerializerMethodField(help_text="Where the bytes go.")
    is_complete = serializers.BooleanField(source="is_finished", read_only=True)
    source_id = serializers.UUIDField(read_only=True, allow_null=True)
    job_id = serializers.UUIDField(read_only=True, allow_null=True)
    job_url = serializers.SerializerMethodField()
    batch = serializers.UUIDField(source="batch_id", read_only=True, allow_null=True)

    class Meta:
        model = Upload
        fields = (
            "id",
            "url",
            "name",
            "size_bytes",
            "offset",
            "is_complete",
            "is_duplicate",
            "source_id",
            "job_id",
            "job_url",
            "batch",
            "created_at",
            "expires_at",
        )
        read_only_fields = fields

    def get_url(self, upload: Upload) -> str:
        return reverse("api:upload", args=[upload.pk])

    def get_job_url(self, upload: Upload) -> str | None:
        return reverse("api:job", args=[upload.job_id]) if upload.job_id else None


class BatchMemberSerializer(ChoicesSerializer):
    """All options, and the batch of the song."""

    batch = serializers.UUIDField(required=False, help_text="A batch of yours, for this song.")


class UploadSerializer(BatchMemberSerializer):
    """The form: one song, its options and its batch."""

    file = serializers.FileField(help_text="The song; `audio` is taken as well.")


class NamedSongSerializer(BatchMemberSerializer):
    """All options, and either a song that is already on the site (`source_id`) or, where the
    operator switched it on, the address of a song (`url`)."""

    source_id = serializers.UUIDField(
        required=False, help_text="`source_id` of an upload, or `input.id` of a job."
    )
    url = serializers.CharField(
        required=False,
        max_length=2_000,
        help_text="http or https, leading to the audio file itself.",
    )


UPLOAD_BODY = {
    "multipart/form-data": UploadSerializer,
    "application/octet-stream": OpenApiTypes.BINARY,
    "application/json": NamedSongSerializer,
}
BARE_BODY_PARAMETERS: list[OpenApiParameter | type[serializers.Serializer[Any]]] = [
    BatchMemberSerializer,
    OpenApiParameter("filename", str, description="The song's name, for a bare body."),
    OpenApiParameter("X-Filename", str, OpenApiParameter.HEADER, description="The same."),
]
