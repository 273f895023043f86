"""API tokens as the API describes them to their owner."""

from rest_framework import serializers

from jobs.api.known_fields import KnownFieldsSerializer
from jobs.models import ApiToken


class WantedTokenSerializer(KnownFieldsSerializer):
    name = serializers.CharField(help_text="A name that none of your other tokens has.")
    expires_in_days = serializers.IntegerField(
        required=False, min_value=1, help_text="Fewer days than the site's own limit."
    )


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    id = serializers.UUIDField(
        source="public_id", help_text="Names the token in the request that revokes it."
    )
    is_current = serializers.SerializerMethodField(
        help_text="True for the token that this request carries."
    )

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = ("id", "name", "created", "expiry", "last_used_at", "is_current")
        read_only_fields = fields

    def get_is_current(self, token: ApiToken) -> bool:
        auth = self.context["request"].auth
        return isinstance(auth, ApiToken) and auth.pk == token.pk


class MadeTokenSerializer(ApiTokenSerializer):
    token = serializers.CharField(help_text="Shown this once; only its hash is stored.")

    class Meta(ApiTokenSerializer.Meta):
        fields = (*ApiTokenSerializer.Meta.fields, "token")
        read_only_fields = fields
