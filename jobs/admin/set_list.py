"""Set lists in the admin: whose they are, and how many songs each holds."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from jobs.admin.base import ReadOnlyAdmin
from jobs.admin.words import id_start
from jobs.models import SetList


@admin.register(SetList)
class SetListAdmin(ReadOnlyAdmin):
    list_display = ("short_id", "name", "owner", "songs", "created_at")
    list_filter = ("created_at",)
    search_fields = ("name", "owner__username", "owner__email")
    search_help_text = "Name of the set list, name or address of the owner"
    list_select_related = ("owner",)
    list_per_page = 50
    fields = ("id", "name", "owner", "songs", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(song_count=Count("entries"))
        return counted

    @admin.display(description="Id", ordering="id")
    def short_id(self, set_list: SetList) -> SafeString:
        return id_start(str(set_list.pk))

    @admin.display(description="Songs", ordering="song_count")
    def songs(self, set_list: Any) -> int:
        return int(set_list.song_count)
