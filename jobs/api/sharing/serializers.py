"""Share links of a job, and the options of a new one."""

from rest_framework import serializers

from jobs.api.known_fields import KnownFieldsSerializer
from jobs.models import ShareLink
from separation.errors import InvalidOptions


class ShareChoicesSerializer(KnownFieldsSerializer):
    """Without any field: a link to listen to all stems for a week, without the song's name."""

    stems = serializers.ListField(
        child=serializers.CharField(max_length=128),
        required=False,
        max_length=64,
        help_text="Of those that the mixer plays; all of them by default.",
    )
    allow_download = serializers.BooleanField(
        required=False, help_text="Needs `show_title`, as the files carry the title in their tags."
    )
    show_title = serializers.BooleanField(required=False, help_text="Off by default.")
    expires_in_days = serializers.IntegerField(
        required=False, help_text="At most `share_max_days` of the site; 7 by default."
    )
    # DRF removes declared fields from the class, so the serializer's own `label` is unchanged.
    label = serializers.CharField(  # type: ignore[assignment]
        required=False, allow_blank=True, max_length=80, help_text="A note for yourself."
    )

    def to_internal_value(self, data: object) -> dict[str, object]:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            raise InvalidOptions(
                f"There is no option {unknown[0]!r}. There are: {', '.join(self.fields)}."
            )
        found: dict[str, object] = super().to_internal_value(data)
        return found


class ShareLinkSerializer(serializers.ModelSerializer[ShareLink]):
    is_live = serializers.BooleanField(read_only=True, help_text="Neither expired nor revoked.")
    stems = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ShareLink
        fields: tuple[str, ...] = (
            "id",
            "label",
            "stems",
            "allow_download",
            "show_title",
            "views",
            "is_live",
            "created_at",
            "expires_at",
            "revoked_at",
        )
        read_only_fields = fields


class CreatedShareLinkSerializer(ShareLinkSerializer):
    url = serializers.SerializerMethodField(
        help_text="The link itself, shown this once: only its digest is stored."
    )

    class Meta(ShareLinkSerializer.Meta):
        fields = (*ShareLinkSerializer.Meta.fields, "url")
        read_only_fields = fields

    def get_url(self, link: ShareLink) -> str:
        return str(self.context["url"])
