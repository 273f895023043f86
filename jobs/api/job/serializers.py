"""Jobs, their stages and tracks in answers of the API."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs.api.known_fields import KnownFieldsSerializer
from jobs.api.schema import ErrorSerializer
from jobs.http.downloads import deletion_sentence
from jobs.models import Artifact, Job, Source, Stage, Tag
from jobs.models.job import JobStatus
from jobs.services.listening.index import is_playable
from jobs.services.sources.receive_source import sent_before
from jobs.services.sources.rename import MAX_TITLE_LENGTH
from jobs.services.timing.progress import status_label
from jobs.services.timing.waiting import Waiting, waiting


class SourceSerializer(serializers.ModelSerializer[Source]):
    class Meta:
        model = Source
        fields = (
            "id",
            "sha256",
            "size_bytes",
            "container",
            "codec",
            "sample_rate_hz",
            "channels",
            "duration_s",
            "title",
            "artist",
        )
        read_only_fields = fields


class JobChangeSerializer(KnownFieldsSerializer):
    """A field that is left out keeps its value."""

    title = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=MAX_TITLE_LENGTH,
        help_text="Of the song, and so of all its jobs; empty: the first one again.",
    )


class ProgressSerializer(serializers.Serializer[Job]):
    percent = serializers.FloatField(source="progress_percent", read_only=True)
    stage = serializers.CharField(source="progress_stage", read_only=True)
    message = serializers.CharField(source="progress_message", read_only=True)
    eta_s = serializers.FloatField(read_only=True, allow_null=True)


class WaitingSerializer(serializers.Serializer[Waiting]):
    """A job's place in the queue while it waits."""

    position = serializers.IntegerField(allow_null=True, help_text="1 is next; null: not known.")
    starts_in_s = serializers.FloatField(
        allow_null=True, help_text="Roughly; null while no worker runs that would take it."
    )
    workers = serializers.IntegerField(help_text="How many are alive.")
    detail = serializers.CharField(source="sentence", help_text="The same in words.")


class JobSummarySerializer(serializers.ModelSerializer[Job]):
    """A row of the list: the job itself, its song's name and its tags."""

    job_id = serializers.UUIDField(source="id", read_only=True)
    status_label = serializers.SerializerMethodField(help_text="The status in words.")
    title = serializers.SerializerMethodField(
        help_text="What its owner calls the song: at first the title of the file's tags, or the "
        "name of the file without its ending."
    )
    input_file = serializers.CharField(source="source.original_name", read_only=True)
    model = serializers.CharField(source="model_name", read_only=True)
    progress = ProgressSerializer(source="*", read_only=True)
    error = serializers.SerializerMethodField()
    tags: "serializers.SlugRelatedField[Tag]" = serializers.SlugRelatedField(
        "name", many=True, read_only=True
    )
    batch = serializers.UUIDField(
        source="batch_id", read_only=True, allow_null=True, help_text="The batch of the song."
    )
    url = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields: tuple[str, ...] = (
            "job_id",
            "status",
            "status_label",
            "title",
            "input_file",
            "separator",
            "model",
            "progress",
            "error",
            "is_favourite",
            "tags",
            "batch",
            "created_at",
            "started_at",
            "completed_at",
            "audio_deleted_at",
            "url",
        )
        read_only_fields = fields

    def get_status_label(self, job: Job) -> str:
        return status_label(job)

    def get_title(self, job: Job) -> str:
        return job.source.song_title or job.source.first_title

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, job: Job) -> dict[str, Any] | None:
        return job.error

    def get_url(self, job: Job) -> str:
        return reverse("api:job", args=[job.pk])


@extend_schema_field(OpenApiTypes.OBJECT)
class ChosenField(serializers.ReadOnlyField):
    """Stored options without ``repo``, which is a path on the server."""

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return {name: choice for name, choice in value.items() if name != "repo"}


class StageSerializer(serializers.ModelSerializer[Stage]):
    params = ChosenField()

    class Meta:
        model = Stage
        fields = (
            "name",
            "processor_type",
            "status",
            "version",
            "params",
            "started_at",
            "completed_at",
            "duration_s",
            "error_code",
            "error_detail",
        )
        read_only_fields = fields


class VersionSerializer(serializers.Serializer[Job]):
    """A newer version that waits to be accepted or dismissed."""

    job_id = serializers.UUIDField(source="id", read_only=True)
    separator = serializers.CharField(read_only=True)
    model = serializers.CharField(source="model_name", read_only=True)
    completed_at = serializers.DateTimeField(read_only=True)
    url = serializers.SerializerMethodField()

    def get_url(self, job: Job) -> str:
        return reverse("api:job", args=[job.pk])


class RouteStepSerializer(serializers.Serializer[dict[str, str]]):
    """One route that the job tried for its separation; the list is in order."""

    route = serializers.CharField(help_text="local_gpu, remote or local_cpu.")
    outcome = serializers.CharField(help_text="took, skipped or failed.")
    reason = serializers.CharField()
    model = serializers.CharField()


class JobSerializer(JobSummarySerializer):
    """One job in full; ``request`` holds the options that it was created with."""

    input = SourceSerializer(source="source", read_only=True)
    waiting = serializers.SerializerMethodField(help_text="Null unless the job waits.")
    request = ChosenField()
    warnings = serializers.ListField(child=serializers.CharField(), read_only=True)
    routing = RouteStepSerializer(many=True, read_only=True)
    stages = StageSerializer(many=True, read_only=True)
    playable = serializers.SerializerMethodField(
        help_text="Whether stems can be heard on the job's page, which is before its files are "
        "written, and still while a failed or cancelled job can be retried."
    )
    repeats = serializers.UUIDField(
        source="repeats_id",
        read_only=True,
        allow_null=True,
        help_text="The job that this one ran again exactly; its manifest compares the two.",
    )
    replaces = serializers.UUIDField(
        source="replaces_id",
        read_only=True,
        allow_null=True,
        help_text="The older job of the same song; this job is another version of it.",
    )
    newer_versions = serializers.SerializerMethodField(
        help_text="Versions that are ready to be accepted in the place of this job."
    )

    @extend_schema_field(VersionSerializer(many=True))
    def get_newer_versions(self, job: Job) -> Any:
        ready: Any = [each for each in job.replacements.all() if each.is_ready]
        return VersionSerializer(ready, many=True).data

    def get_playable(self, job: Job) -> bool:
        return is_playable(job)

    class Meta(JobSummarySerializer.Meta):
        fields = (
            *JobSummarySerializer.Meta.fields,
            "cancel_requested_at",
            "attempt",
            "waiting",
            "expected_s",
            "deadline_s",
            "input",
            "request",
            "warnings",
            "routing",
            "stages",
            "playable",
            "repeats",
            "replaces",
            "accepted_at",
            "newer_versions",
        )
        read_only_fields = fields

    @extend_schema_field(WaitingSerializer(allow_null=True))
    def get_waiting(self, job: Job) -> dict[str, Any] | None:
        place = waiting(job)
        return dict(WaitingSerializer(place).data) if place else None


class CreatedJobSerializer(JobSerializer):
    same_song = serializers.SerializerMethodField(
        help_text="The id of an older song of yours with the same bytes, or null: next time, a "
        "job can be made of it (`source_id`) and nothing need be sent."
    )

    class Meta(JobSerializer.Meta):
        fields = (*JobSerializer.Meta.fields, "same_song")
        read_only_fields = fields

    def get_same_song(self, job: Job) -> UUID | None:
        older = sent_before(job.source)
        return older.pk if older else None


class ArtifactSerializer(serializers.ModelSerializer[Artifact]):
    url = serializers.SerializerMethodField(
        help_text="Where the file is downloaded; null when the audio was deleted."
    )

    class Meta:
        model = Artifact
        fields = (
            "name",
            "stage_name",
            "parent",
            "note",
            "same_as",
            "path",
            "format",
            "sha256",
            "size_bytes",
            "frames",
            "sample_rate_hz",
            "channels",
            "duration_s",
            "gain_db",
            "peak_dbfs",
            "true_peak_dbtp",
            "loudness_lufs",
            "url",
        )
        read_only_fields = fields
        extra_kwargs = {  # noqa: RUF012  # DRF's own spelling
            "parent": {
                "help_text": "The track that this is a part or another version of; empty: none."
            },
            "note": {"help_text": "What the track is; empty: what its name says."},
            "same_as": {
                "help_text": "The track that is the same sound: both have one file; empty: none."
            },
        }

    def get_url(self, artifact: Artifact) -> str | None:
        if self.context.get("deleted"):
            return None
        return reverse("api:download", args=[artifact.job_id, artifact.name])


class OutputsSerializer(serializers.ModelSerializer[Job]):
    """``outputs`` is empty until the job is completed. After the audio was deleted it lists the
    former files without addresses, and ``detail`` says why."""

    job_id = serializers.UUIDField(source="id", read_only=True)
    detail = serializers.SerializerMethodField(
        help_text="Why there is no audio; empty while there is."
    )
    archive_url = serializers.SerializerMethodField(
        help_text="All of them as one ZIP; null when the audio was deleted."
    )
    manifest_url = serializers.SerializerMethodField(help_text="Kept for ever.")
    outputs = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = (
            *("job_id", "status", "audio_deleted_at", "detail", "archive_url", "manifest_url"),
            "outputs",
        )
        read_only_fields = fields

    def get_detail(self, job: Job) -> str:
        return deletion_sentence(job)

    def get_archive_url(self, job: Job) -> str | None:
        deleted = job.audio_deleted_at is not None
        return None if deleted else reverse("api:download-all", args=[job.pk])

    def get_manifest_url(self, job: Job) -> str:
        return reverse("api:manifest", args=[job.pk])

    @extend_schema_field(ArtifactSerializer(many=True))
    def get_outputs(self, job: Job) -> Any:
        artifacts = job.artifacts.all() if job.status == JobStatus.COMPLETED else ()
        context = {"deleted": job.audio_deleted_at is not None}
        return ArtifactSerializer(artifacts, many=True, context=context).data
