"""Unfinished uploads in the admin, and the space that they reserve."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from jobs.admin.base import ReadOnlyAdmin
from jobs.admin.words import size_words
from jobs.models import Upload


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    empty_words = _("Files stand here while they arrive.")
    list_display = ("name", "owner", "arrived", "reserved", "is_finished", "created_at",
                    "expires_at")  # fmt: skip
    fields = (
        "name", "owner", "arrived", "reserved", "is_finished", "is_duplicate", "source", "job",
        "batch", "created_at", "expires_at",
    )  # fmt: skip
    list_filter = ("created_at", "is_duplicate")
    search_fields = ("name", "owner__username", "owner__email")
    search_help_text = _("Name of the file, name or address of the owner")
    list_select_related = ("owner",)

    def has_delete_permission(self, request: HttpRequest, obj: Upload | None = None) -> bool:
        # Its file would stay. An upload expires by itself, or its owner discards it.
        return False

    @admin.display(description=_("Arrived"), ordering="offset")
    def arrived(self, upload: Upload) -> str:
        return size_words(upload.offset)

    @admin.display(description=_("Size"), ordering="size_bytes")
    def reserved(self, upload: Upload) -> str:
        return size_words(upload.size_bytes)

    @admin.display(description=_("Complete"), boolean=True)
    def is_finished(self, upload: Upload) -> bool:
        return upload.is_finished
