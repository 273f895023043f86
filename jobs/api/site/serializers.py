"""The site's own data in the API: models, presets, limits, health and quotas."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs.api.known_fields import KnownFieldsSerializer
from jobs.services.presets import SitePreset
from separation.catalogue import ModelInfo
from separation.catalogue.model import STATES


class CredentialsSerializer(KnownFieldsSerializer):
    username = serializers.CharField(max_length=254)
    password = serializers.CharField(
        max_length=4096, trim_whitespace=False, style={"input_type": "password"}
    )
    expires_in_days = serializers.IntegerField(
        required=False, min_value=1, help_text="Fewer days than the site's own limit."
    )
    name = serializers.CharField(
        required=False, help_text="A name that none of your other tokens has."
    )


class TokenSerializer(serializers.Serializer[dict[str, Any]]):
    token = serializers.CharField(help_text="Shown this once; only its hash is stored.")
    expiry = serializers.DateTimeField()


class EvidenceSerializer(serializers.Serializer[Any]):
    address = serializers.CharField()
    date = serializers.DateField(help_text="Of the statement, or when a page was read.")


class FigureSerializer(serializers.Serializer[Any]):
    """A published measurement; compare it only with the same convention and test set."""

    values_db = serializers.DictField(child=serializers.FloatField())
    convention = serializers.CharField()
    test_set = serializers.CharField()
    by = serializers.CharField()
    address = serializers.CharField()


class MeasuredSerializer(serializers.Serializer[Any]):
    """The newest run over a suite of songs on this site."""

    suite = serializers.CharField()
    songs = serializers.IntegerField()
    measured_at = serializers.DateTimeField()
    figures = serializers.DictField(
        child=serializers.DictField(child=serializers.FloatField()),
        help_text="Decibels by measure and stem.",
    )
    times_real_time = serializers.FloatField(allow_null=True)
    peak_memory_bytes = serializers.IntegerField(allow_null=True)


class WeightFileSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    bytes = serializers.IntegerField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True, help_text="null: not known here.")


class ModelSerializer(serializers.Serializer[Any]):
    """A model of the catalogue."""

    name = serializers.CharField()
    # DRF removes declared fields from the class, so the serializer's own `label` is unchanged.
    label = serializers.CharField()  # type: ignore[assignment]
    stems = serializers.ListField(child=serializers.CharField())
    architecture = serializers.CharField()
    licence = serializers.CharField(source="licence.says")
    licence_state = serializers.ChoiceField(choices=list(STATES.items()), source="licence.state")
    licence_evidence = EvidenceSerializer(many=True, source="licence.evidence")
    training_data = serializers.CharField()
    source_url = serializers.CharField()
    memory_bytes = serializers.IntegerField(allow_null=True)
    download_bytes = serializers.IntegerField()
    description = serializers.CharField()
    files = WeightFileSerializer(many=True)
    figures = FigureSerializer(many=True)
    measured = serializers.SerializerMethodField(help_text="null: not measured here.")

    @extend_schema_field(MeasuredSerializer(allow_null=True))
    def get_measured(self, model: ModelInfo) -> dict[str, Any] | None:
        row = self.context.get("measured", {}).get(model.name)
        return MeasuredSerializer(row).data if row else None


class SeparatorSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    is_default = serializers.BooleanField()
    models = ModelSerializer(many=True)


class PresetSerializer(serializers.Serializer[Any]):
    """A preset: options that belong together, with their values on this site now."""

    name = serializers.CharField(source="resolved.preset.name")
    label = serializers.CharField(source="resolved.preset.label")  # type: ignore[assignment]
    description = serializers.CharField(source="resolved.preset.description")
    choices = serializers.SerializerMethodField(
        help_text="The options that it sets, field by field."
    )
    uses = serializers.CharField(help_text="What separates, in words.")
    missing = serializers.CharField(
        source="resolved.missing",
        allow_null=True,
        help_text="The preferred model that is not on this site; null: none is missing.",
    )
    seconds = serializers.FloatField(
        allow_null=True,
        help_text="Seconds for a song of four minutes on this site; null before one was measured.",
    )
    times_fast = serializers.FloatField(help_text="Its work, compared with the preset `fast`.")

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_choices(self, preset: SitePreset) -> dict[str, Any]:
        options = preset.resolved.choices()
        return {name: value for name, value in options.items() if name != "preset"}


class ConfigSerializer(serializers.Serializer[dict[str, Any]]):
    """The site's limits and defaults, without secrets and without paths of the server."""

    version = serializers.CharField()
    separator = serializers.CharField()
    separators = serializers.ListField(child=serializers.CharField())
    ensembles = serializers.ListField(
        child=serializers.CharField(), help_text="Those whose members are all on this site."
    )
    device = serializers.CharField()
    target_db = serializers.FloatField()
    stages = serializers.ListField(child=serializers.CharField())
    formats = serializers.ListField(child=serializers.CharField())
    max_upload_bytes = serializers.IntegerField()
    url_import = serializers.BooleanField(help_text="Songs may be named by their address.")
    url_import_pages = serializers.BooleanField(
        help_text="Also by the address of a page with one song in it."
    )
    max_duration_s = serializers.FloatField(allow_null=True)
    max_active_jobs = serializers.IntegerField()
    retention_days = serializers.IntegerField(help_text="0: audio is kept.")
    share = serializers.BooleanField(help_text="Finished jobs may be shared by links.")
    share_max_days = serializers.IntegerField(help_text="The longest that a link works.")


class QueueSerializer(serializers.Serializer[Any]):
    workers_alive = serializers.IntegerField()
    pending = serializers.IntegerField()
    processing = serializers.IntegerField()
    oldest_pending_s = serializers.FloatField(allow_null=True)


class HealthSerializer(serializers.Serializer[dict[str, Any]]):
    status = serializers.CharField(help_text="ok, or degraded: then `reasons` says why.")
    reasons = serializers.ListField(
        child=serializers.CharField(), help_text="Such as a full disk, or that no worker is alive."
    )
    version = serializers.CharField()
    queue = QueueSerializer()


class GaugeSerializer(serializers.Serializer[Any]):
    used = serializers.FloatField(help_text="Uploads under way count with what they reserved.")
    limit = serializers.IntegerField(source="most", allow_null=True, help_text="null: no limit.")
    left = serializers.FloatField(allow_null=True)


class OwnQuotaSerializer(serializers.Serializer[Any]):
    stored_bytes = GaugeSerializer()
    audio_minutes_per_day = GaugeSerializer(help_text="Of the last 24 hours.")
    active_jobs = GaugeSerializer(help_text="Waiting and running.")
    running_jobs = GaugeSerializer()


class SharedQuotaSerializer(serializers.Serializer[Any]):
    """A limit of one of your groups, which all its members use up together."""

    group = serializers.CharField()
    kind = serializers.CharField(help_text="As the fields of `own`.")
    used = serializers.FloatField()
    limit = serializers.IntegerField(source="most")
    left = serializers.FloatField()


class QuotaSerializer(serializers.Serializer[Any]):
    accepts_uploads = serializers.BooleanField()
    detail = serializers.CharField(allow_null=True, help_text="Why nothing is accepted now.")
    own = OwnQuotaSerializer()
    shared = SharedQuotaSerializer(many=True)
