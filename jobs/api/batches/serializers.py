"""Batches as the API reads and writes them."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from jobs.api.known_fields import KnownFieldsSerializer
from jobs.models import Batch
from jobs.models.batch import MAX_NAME_LENGTH
from jobs.services.batches.progress import BatchProgress
from jobs.services.timing.progress import cut_percent


class BatchChangeSerializer(KnownFieldsSerializer):
    """A field that is left out keeps its value, or has its default in a new batch."""

    name = serializers.CharField(
        required=False, max_length=MAX_NAME_LENGTH, help_text="The time of its creation by default."
    )
    notify_by_email = serializers.BooleanField(
        required=False,
        help_text="Tell me by e-mail when all songs have ended; off by default. Needs a confirmed "
        "address, and a site that sends mail.",
    )


class CountsSerializer(serializers.Serializer[BatchProgress]):
    """The number of songs of each status; `uploading` counts songs that still arrive."""

    pending = serializers.IntegerField(read_only=True)
    processing = serializers.IntegerField(read_only=True)
    completed = serializers.IntegerField(read_only=True)
    failed = serializers.IntegerField(read_only=True)
    cancelled = serializers.IntegerField(read_only=True)
    uploading = serializers.IntegerField(source="coming", read_only=True)


class BatchSerializer(serializers.ModelSerializer[Batch]):
    """One batch. A song that is sent with its ``batch_id`` as ``batch`` belongs to it.

    The context must hold ``sights``.
    """

    batch_id = serializers.UUIDField(source="id", read_only=True)
    is_done = serializers.SerializerMethodField(
        help_text="Whether it holds songs and all of them have ended."
    )
    percent = serializers.SerializerMethodField(help_text="Of all songs, by their lengths.")
    songs = serializers.SerializerMethodField()
    counts = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()
    jobs_url = serializers.SerializerMethodField(help_text="The list of its jobs.")
    archive_url = serializers.SerializerMethodField(help_text="All results as one ZIP.")

    class Meta:
        model = Batch
        fields = (
            "batch_id",
            "name",
            "is_done",
            "percent",
            "songs",
            "counts",
            "notify_by_email",
            "notified_at",
            "created_at",
            "url",
            "jobs_url",
            "archive_url",
        )
        read_only_fields = fields

    def get_is_done(self, batch: Batch) -> bool:
        sight = self._sight(batch)
        return bool(sight.songs) and not sight.is_moving

    def get_percent(self, batch: Batch) -> float:
        return cut_percent(self._sight(batch).percent, 1)

    def get_songs(self, batch: Batch) -> int:
        return self._sight(batch).songs

    def get_counts(self, batch: Batch) -> CountsSerializer:
        counts: Any = CountsSerializer(self._sight(batch)).data
        return counts  # type: ignore[no-any-return]

    def get_url(self, batch: Batch) -> str:
        return reverse("api:batch", args=[batch.pk])

    def get_jobs_url(self, batch: Batch) -> str:
        return f"{reverse('api:jobs')}?batch={batch.pk}"

    def get_archive_url(self, batch: Batch) -> str:
        return reverse("api:batch-download-all", args=[batch.pk])

    def _sight(self, batch: Batch) -> BatchProgress:
        sight: BatchProgress = self.context["sights"][batch.pk]
        return sight


class RefusedSerializer(serializers.Serializer[Any]):
    job_id = serializers.UUIDField()
    detail = serializers.CharField()


class BatchOutcomeSerializer(serializers.Serializer[Any]):
    """The result of one action on all songs of a batch."""

    done = serializers.IntegerField(help_text="The number of songs for which it worked.")
    refused = RefusedSerializer(many=True, help_text="The others, and why.")
    batch = BatchSerializer()
