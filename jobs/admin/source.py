"""Uploaded songs in the admin."""

from django.contrib import admin
from django.http import HttpRequest

from jobs.admin.base import LookOnly
from jobs.admin.words import size_words
from jobs.models import Source


@admin.register(Source)
class SourceAdmin(LookOnly):
    list_display = ("original_name", "owner", "container", "codec", "duration_s", "size",
                    "created_at")  # fmt: skip
    list_filter = ("container", "created_at")
    search_fields = ("original_name", "owner__username", "owner__email", "sha256")
    date_hierarchy = "created_at"
    list_select_related = ("owner",)

    def has_delete_permission(self, request: HttpRequest, obj: Source | None = None) -> bool:
        # A song goes with the last job that uses it.
        return False

    @admin.display(description="Size", ordering="size_bytes")
    def size(self, source: Source) -> str:
        return size_words(source.size_bytes)
