"""The quality report in the API; it has the fields of the manifest."""

from typing import Any

from rest_framework import serializers

from separation.quality.report import Finding, PartsQuality, QualityReport, SignalQuality


class FindingSerializer(serializers.Serializer[Finding]):
    code = serializers.CharField(help_text="Stable, such as clipped, empty, late or whole_song.")
    title = serializers.CharField()
    detail = serializers.CharField()


class SignalQualitySerializer(serializers.Serializer[SignalQuality]):
    loudness_lufs = serializers.FloatField(allow_null=True)
    true_peak_dbtp = serializers.FloatField(allow_null=True)
    clipped_samples = serializers.IntegerField()
    clipped_share = serializers.FloatField()
    silence_share = serializers.FloatField()
    entropy = serializers.FloatField(allow_null=True)
    flatness = serializers.FloatField(allow_null=True)
    levels_db = serializers.ListField(
        child=serializers.IntegerField(), help_text="Over the song's length, in equal parts."
    )
    bands_db = serializers.ListField(
        child=serializers.IntegerField(), help_text="In the 24 critical bands, 20 Hz to 15.5 kHz."
    )


class StemQualitySerializer(SignalQualitySerializer):
    name = serializers.CharField()
    relative_db = serializers.FloatField(allow_null=True)
    fit_gain = serializers.FloatField()
    delay_ms = serializers.FloatField()
    bleed: "serializers.DictField" = serializers.DictField(child=serializers.FloatField())
    findings = FindingSerializer(many=True)
    verdict = serializers.CharField()
    reason = serializers.CharField()


class PartsQualitySerializer(serializers.Serializer[PartsQuality]):
    """A stem that was split again."""

    parent: Any = serializers.CharField()
    parts = serializers.ListField(child=serializers.CharField())
    complete = serializers.BooleanField()
    overlapping = serializers.BooleanField(help_text="Whether one sound may be in several parts.")
    residual_db = serializers.FloatField(allow_null=True, help_text="Against the stem.")
    is_flagged = serializers.BooleanField()
    reason = serializers.CharField()


class QualityReportSerializer(serializers.Serializer[QualityReport]):
    """A report without faults has empty ``findings``, for each stem and for the whole."""

    version = serializers.IntegerField()
    complete = serializers.BooleanField()
    residual_db = serializers.FloatField(allow_null=True)
    song = SignalQualitySerializer()
    stems: Any = StemQualitySerializer(many=True)
    findings = FindingSerializer(many=True)
    verdict = serializers.CharField()
    reason = serializers.CharField()
    details: Any = PartsQualitySerializer(many=True, default=())
