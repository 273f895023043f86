"""Uploaded songs in the admin."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from jobs.admin.base import ReadOnlyAdmin
from jobs.admin.words import seconds, size_words
from jobs.models import Source


@admin.register(Source)
class SourceAdmin(ReadOnlyAdmin):
    empty_words = _("Songs stand here when people have uploaded them.")
    list_display = ("original_name", "owner", "container", "codec", "duration", "size",
                    "created_at")  # fmt: skip
    list_filter = ("container", "created_at")
    search_fields = ("original_name", "owner__username", "owner__email", "sha256")
    search_help_text = _("Name of the song, name or address of the owner, SHA-256")
    fields = (
        "original_name", "song_title", "owner", "artist", "title", "duration", "size", "container",
        "codec", "sample_rate_hz", "channels", "sha256", "created_at",
    )  # fmt: skip
    readonly_fields = ("duration", "size", "created_at")
    date_hierarchy = "created_at"
    list_select_related = ("owner",)

    def has_delete_permission(self, request: HttpRequest, obj: Source | None = None) -> bool:
        # Deleting the last job of a song deletes the song.
        return False

    @admin.display(description=_("Length"), ordering="duration_s")
    def duration(self, source: Source) -> str:
        return seconds(source.duration_s)

    @admin.display(description=_("Size"), ordering="size_bytes")
    def size(self, source: Source) -> str:
        return size_words(source.size_bytes)
