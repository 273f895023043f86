"""Campaigns in the admin: progress, pause and resume; ``manage.py reprocess`` creates them."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from jobs.admin.base import ReadOnlyAdmin
from jobs.admin.words import id_start, pretty_json
from jobs.errors import JobConflict
from jobs.models import Campaign
from jobs.services.campaigns.actions import pause_campaign, resume_campaign
from jobs.services.campaigns.sources import reason_words


@admin.action(description=_("Pause selected campaigns"), permissions=("change",))
def pause(modeladmin: object, request: HttpRequest, campaigns: QuerySet[Campaign]) -> None:
    _apply(request, campaigns, pause_campaign, "paused")


@admin.action(description=_("Resume selected campaigns"), permissions=("change",))
def resume(modeladmin: object, request: HttpRequest, campaigns: QuerySet[Campaign]) -> None:
    _apply(request, campaigns, resume_campaign, "resumed")


def _apply(
    request: HttpRequest, campaigns: QuerySet[Campaign], service: Callable[..., Any], done: str
) -> None:
    for campaign in campaigns:
        try:
            service(campaign=campaign)
        except JobConflict as error:
            messages.warning(request, f"{campaign.pk.hex[:8]} not {done}: {error.detail}")
        else:
            messages.success(request, f"{campaign.pk.hex[:8]} {done}.")


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    empty_words = _(
        "A campaign separates old songs again with a better model; manage.py reprocess starts one."
    )
    list_display = (
        "short_id", "separator", "model_name", "status", "progress", "queued", "skipped",
        "created_at", "completed_at",
    )  # fmt: skip
    list_filter = ("status", "separator")
    actions = (pause, resume)
    fields = (
        "id", "separator", "model_name", "status", "progress", "jobs_made", "left_out",
        "choices", "conditions", "created_by", "created_at", "updated_at", "completed_at",
    )  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        # The row records where versions came from; a repeated `reprocess` finds its campaign by it.
        return False

    @admin.display(description=_("Number"), ordering="id")
    def short_id(self, campaign: Campaign) -> SafeString:
        return id_start(str(campaign.pk))

    @admin.display(description=_("Looked at"))
    def progress(self, campaign: Campaign) -> SafeString:
        return format_html(
            '<progress max="{}" value="{}"></progress> {} of {} songs',
            max(campaign.total, 1), campaign.looked_at, campaign.looked_at, campaign.total,
        )  # fmt: skip

    @admin.display(description=_("New versions"))
    def jobs_made(self, campaign: Campaign) -> SafeString:
        counts = {word: count for word, count in campaign.job_counts().items() if count}
        count_words = ", ".join(f"{count} {word}" for word, count in counts.items())
        address = f"{reverse('admin:jobs_job_changelist')}?campaign__id__exact={campaign.pk}"
        return format_html('<a href="{}">{}</a>', address, count_words or "none yet")

    @admin.display(description=_("Left out"))
    def left_out(self, campaign: Campaign) -> str:
        rows = sorted(campaign.reasons.items())
        return "; ".join(f"{reason_words(reason)}: {count}" for reason, count in rows) or "-"

    @admin.display(description=_("Made with"))
    def choices(self, campaign: Campaign) -> SafeString:
        return pretty_json(campaign.request)

    @admin.display(description=_("Songs for which"))
    def conditions(self, campaign: Campaign) -> SafeString | str:
        return pretty_json(campaign.query) if campaign.query else "every song"
