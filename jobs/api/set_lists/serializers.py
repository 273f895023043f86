"""Set lists as the API reads and writes them."""

from django.urls import reverse
from rest_framework import serializers

from jobs.api.known_fields import KnownFieldsSerializer
from jobs.models import SetList
from jobs.models.set_list import MAX_SET_LIST_NAME_LENGTH
from jobs.services.set_lists.actions import MAX_SET_LIST_SONGS


def _job_ids(help_text: str, *, required: bool = False) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.UUIDField(),
        required=required,
        max_length=MAX_SET_LIST_SONGS,
        help_text=help_text,
    )


class SetListCreateSerializer(KnownFieldsSerializer):
    name = serializers.CharField(max_length=MAX_SET_LIST_NAME_LENGTH)
    job_ids = _job_ids("The songs, in their order; none by default.")


class SetListChangeSerializer(KnownFieldsSerializer):
    """A field that is left out keeps its value."""

    name = serializers.CharField(required=False, max_length=MAX_SET_LIST_NAME_LENGTH)
    job_ids = _job_ids("The new order of its songs; songs that are left out follow the others.")


class SetListSongsSerializer(KnownFieldsSerializer):
    job_ids = _job_ids("The songs to add at the end.", required=True)


class SetListSerializer(serializers.ModelSerializer[SetList]):
    """One set list with the songs that the list of jobs shows. The context must hold ``songs``: the
    ids of jobs, in order, by the id of the set list."""

    set_list_id = serializers.UUIDField(source="id", read_only=True)
    job_ids = serializers.SerializerMethodField(help_text="The songs, in their order.")
    url = serializers.SerializerMethodField()
    jobs_url = serializers.SerializerMethodField(help_text="The list of its jobs.")

    class Meta:
        model = SetList
        fields = ("set_list_id", "name", "job_ids", "created_at", "url", "jobs_url")
        read_only_fields = fields

    def get_job_ids(self, set_list: SetList) -> list[str]:
        return [str(pk) for pk in self.context["songs"].get(set_list.pk, ())]

    def get_url(self, set_list: SetList) -> str:
        return reverse("api:set-list", args=[set_list.pk])

    def get_jobs_url(self, set_list: SetList) -> str:
        return f"{reverse('api:jobs')}?set_list={set_list.pk}"
