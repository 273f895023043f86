"""Batches in the admin: the progress of each, and whether the e-mail reached its owner."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from jobs.admin.base import ReadOnlyAdmin
from jobs.admin.filters import NamedEmptyFilter
from jobs.admin.words import id_start
from jobs.errors import JobConflict
from jobs.models import Batch
from jobs.services.batch_membership import record_added_work
from jobs.services.batches.actions import delete_batch
from jobs.services.batches.progress import progress_of


@admin.action(description=_("Send their e-mails once more"), permissions=("change",))
def send_again(modeladmin: object, request: HttpRequest, batches: QuerySet[Batch]) -> None:
    notified = batches.filter(notify_by_email=True)
    for batch in notified:
        record_added_work(batch.pk)
    words = ngettext(
        "The worker sends %(count)d e-mail in a moment.",
        "The worker sends %(count)d e-mails in a moment.",
        len(notified),
    )
    messages.success(request, words % {"count": len(notified)})


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    empty_words = _("Songs that were sent together stand here as one batch.")
    list_display = (
        "short_id", "name", "owner", "songs", "notify_by_email", "notified_at", "notice_error",
        "created_at",
    )  # fmt: skip
    list_filter = ("notify_by_email", ("notice_error", NamedEmptyFilter), "created_at")
    search_fields = ("name", "owner__username", "owner__email")
    search_help_text = _("Name of the batch, name or address of the owner")
    list_select_related = ("owner",)
    list_per_page = 50
    actions = (send_again,)
    fields = (
        "id", "name", "owner", "songs", "created_at", "last_added_at", "notify_by_email",
        "notified_at", "notice_tries", "notice_not_before", "notice_error",
    )  # fmt: skip

    @admin.display(description=_("Number"), ordering="id")
    def short_id(self, batch: Batch) -> SafeString:
        return id_start(str(batch.pk))

    @admin.display(description=_("Songs"))
    def songs(self, batch: Batch) -> SafeString:
        address = f"{reverse('admin:jobs_job_changelist')}?batch__id__exact={batch.pk}"
        return format_html('<a href="{}">{}</a>', address, progress_of(batch).words)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for batch in queryset:
            self.delete_model(request, batch)

    def delete_model(self, request: HttpRequest, obj: Batch) -> None:
        try:
            delete_batch(batch=obj)
        except JobConflict as error:
            messages.error(request, f"{obj.name}: {error.detail}")
