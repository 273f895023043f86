"""API tokens and the records of closed accounts in the admin."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from jobs.admin.base import ReadOnlyAdmin
from jobs.admin.words import size_words
from jobs.models import AccountClosure, ApiToken


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Deleting a row revokes the token."""

    empty_words = _("Tokens that people have made for their programs stand here.")
    list_display = ("label", "user", "created", "expiry", "last_used_at")
    list_filter = ("created", "expiry", "last_used_at")
    search_fields = ("name", "user__username", "user__email")
    search_help_text = _("Name of the token, name or address of its owner")
    list_select_related = ("user",)
    fields = ("label", "user", "created", "expiry", "last_used_at")

    @admin.display(description=_("Name"), ordering="name")
    def label(self, token: ApiToken) -> str:
        return token.label


@admin.register(AccountClosure)
class AccountClosureAdmin(ReadOnlyAdmin):
    empty_words = _("When somebody deletes an account, a line without names stands here.")
    list_display = ("requested_at", "completed_at", "jobs", "songs", "size", "account")
    list_filter = ("requested_at",)
    list_select_related = ("account",)
    fields = ("requested_at", "completed_at", "account", "jobs", "songs", "size")

    def has_delete_permission(
        self, request: HttpRequest, obj: AccountClosure | None = None
    ) -> bool:
        # A closure that is under way would never finish; a completed one is the record.
        return False

    @admin.display(description=_("Size"), ordering="size_bytes")
    def size(self, closure: AccountClosure) -> str:
        return size_words(closure.size_bytes)
