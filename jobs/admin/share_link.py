"""Share links in the admin: what people without an account can open."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from jobs.admin.base import ReadOnlyAdmin
from jobs.models import ShareLink
from jobs.services.sharing import digest_of_token, revoke_link


@admin.action(description=_("Revoke selected links"), permissions=("change",))
def revoke(modeladmin: object, request: HttpRequest, links: QuerySet[ShareLink]) -> None:
    live = [link for link in links if link.is_live]
    for link in live:
        revoke_link(link=link)
    words = ngettext("%(count)d link is revoked.", "%(count)d links are revoked.", len(live))
    messages.success(request, words % {"count": len(live)})


@admin.register(ShareLink)
class ShareLinkAdmin(ReadOnlyAdmin):
    empty_words = _("Links that people have made for others to listen stand here.")
    list_display = (
        "song", "created_by", "stem_names", "allow_download", "works", "views", "created_at",
        "expires_at", "revoked_at",
    )  # fmt: skip
    list_filter = ("allow_download", "created_at", "expires_at")
    search_fields = ("created_by__username", "created_by__email", "job__source__original_name")
    search_help_text = _("A whole link, name or address of the owner, name of the song")
    list_select_related = ("job__source", "created_by")
    actions = (revoke,)
    fields = (
        "job", "created_by", "label", "stem_names", "allow_download", "show_title", "works",
        "views", "created_at", "expires_at", "revoked_at",
    )  # fmt: skip

    @admin.display(description=_("Song"), ordering="job__source__original_name")
    def song(self, link: ShareLink) -> str:
        return link.job.source.original_name

    @admin.display(description=_("Stems"))
    def stem_names(self, link: ShareLink) -> str:
        return ", ".join(link.stems)

    @admin.display(description=_("Works"), boolean=True)
    def works(self, link: ShareLink) -> bool:
        return link.is_live

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find a row by a whole link, as somebody reported it; the site stores only its digest."""
        _, found, token = search_term.strip().partition("/s/")
        if not found:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(token_digest=digest_of_token(token.split("/")[0])), False
