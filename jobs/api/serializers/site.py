"""What the site tells about itself and its accounts."""

from typing import Any

from rest_framework import serializers


class CredentialsSerializer(serializers.Serializer[dict[str, Any]]):
    username = serializers.CharField(max_length=254)
    password = serializers.CharField(
        max_length=4096, trim_whitespace=False, style={"input_type": "password"}
    )
    expires_in_days = serializers.IntegerField(
        required=False, min_value=1, help_text="Fewer days than the site's own limit."
    )


class TokenSerializer(serializers.Serializer[dict[str, Any]]):
    token = serializers.CharField(help_text="Shown this once; only its hash is stored.")
    expiry = serializers.DateTimeField()


class ModelSerializer(serializers.Serializer[dict[str, Any]]):
    """A row of the catalogue."""

    name = serializers.CharField()
    # DRF takes declared fields off the class, so its own `label` stays what it was.
    label = serializers.CharField()  # type: ignore[assignment]
    stems = serializers.ListField(child=serializers.CharField())
    licence = serializers.CharField()
    training_data = serializers.CharField()
    source_url = serializers.CharField()
    memory_bytes = serializers.IntegerField()
    download_bytes = serializers.IntegerField()
    description = serializers.CharField()


class SeparatorSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    is_default = serializers.BooleanField()
    models = ModelSerializer(many=True)


class ConfigSerializer(serializers.Serializer[dict[str, Any]]):
    """Nothing secret, no path of the server."""

    version = serializers.CharField()
    separator = serializers.CharField()
    separators = serializers.ListField(child=serializers.CharField())
    device = serializers.CharField()
    target_db = serializers.FloatField()
    stages = serializers.ListField(child=serializers.CharField())
    formats = serializers.ListField(child=serializers.CharField())
    max_upload_bytes = serializers.IntegerField()
    url_import = serializers.BooleanField(help_text="Songs may be named by their address.")
    max_duration_s = serializers.FloatField(allow_null=True)
    max_active_jobs = serializers.IntegerField()
    retention_days = serializers.IntegerField(help_text="0: audio is kept.")


class QueueSerializer(serializers.Serializer[Any]):
    workers_alive = serializers.IntegerField()
    pending = serializers.IntegerField()
    processing = serializers.IntegerField()
    oldest_pending_s = serializers.FloatField(allow_null=True)


class HealthSerializer(serializers.Serializer[dict[str, Any]]):
    status = serializers.CharField(help_text="ok, or degraded when no worker is alive.")
    version = serializers.CharField()
    queue = QueueSerializer()
