"""Jobs in the admin."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from jobs.admin import actions
from jobs.admin.base import ReadOnlyAdmin
from jobs.admin.filters import NamedEmptyFilter
from jobs.admin.inlines import ArtifactInline, StageInline
from jobs.admin.words import id_start, pretty_json
from jobs.models import Job
from jobs.queue.health import queue_health
from jobs.services.job.delete import delete_job
from jobs.services.timing.progress import whole_percent
from separation.errors import SeparationError


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    empty_words = _("Every song that somebody has separated stands here, with its state.")
    list_display = (
        "short_id", "source", "owner", "status", "progress", "separator", "lane", "attempt",
        "error_code", "created_at",
    )  # fmt: skip
    list_filter = (
        "status", "separator", "lane", ("error_code", NamedEmptyFilter), "created_at",
    )  # fmt: skip
    search_fields = (
        "id",
        "owner__username",
        "owner__email",
        "source__song_title",
        "source__original_name",
    )
    search_help_text = _(
        "Number of the separation, name or address of the person, name of the song"
    )
    date_hierarchy = "created_at"
    list_select_related = ("source", "owner")
    list_per_page = 50
    actions = (actions.retry, actions.cancel)
    inlines = (StageInline, ArtifactInline)
    fieldsets = (
        (
            None,
            {"fields": ("id", "source", "owner", "batch", "status", "error", "warnings",
                        "created_at")},
        ),
        (
            _("Progress"),
            {"fields": ("progress_percent", "progress_stage", "progress_message", "eta_s",
                        "expected_s", "deadline_s", "started_at", "completed_at",
                        "cancel_requested_at")},
        ),
        (
            _("Queue"),
            {"fields": ("lane", "priority", "queue_rank", "preempted_at", "attempt",
                        "max_attempts", "not_before", "worker", "lease_until"),
             "classes": ("collapse",)},
        ),
        (
            _("New version of an older result"),
            {"fields": ("campaign", "replaces", "accepted_at"), "classes": ("collapse",)},
        ),
        (
            _("Choices"),
            {"fields": ("separator", "model_name", "request_made"), "classes": ("collapse",)},
        ),
        (
            _("Record of the result"),
            {"fields": ("manifest_pretty", "audio_deleted_at"), "classes": ("collapse",)},
        ),
    )  # fmt: skip

    @admin.display(description=_("Number"), ordering="id")
    def short_id(self, job: Job) -> SafeString:
        return id_start(str(job.pk))

    @admin.display(description=_("Progress"))
    def progress(self, job: Job) -> str:
        return f"{whole_percent(job.progress_percent)} %" if job.is_active else "-"

    @admin.display(description=_("Error"))
    def error(self, job: Job) -> str:
        return f"{job.error_code}: {job.error_detail}" if job.error_code else "-"

    @admin.display(description=_("Record of the result"))
    def manifest_pretty(self, job: Job) -> str:
        return pretty_json(job.manifest) if job.manifest else "-"

    @admin.display(description=_("Choices"))
    def request_made(self, job: Job) -> str:
        return pretty_json(job.request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # The line above the list: whether a worker takes these jobs.
        subtitle = {"subtitle": queue_health().sentence()}
        return super().changelist_view(request, {**subtitle, **(extra_context or {})})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Django checks each row of a bulk deletion too; delete_job() refuses active jobs.
        return super().has_delete_permission(request) and not (obj and obj.is_active)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, _id_as_stored(search_term))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        actions.delete(request, queryset)

    def delete_model(self, request: HttpRequest, obj: Job) -> None:
        try:
            delete_job(job=obj)
        except SeparationError as error:
            messages.error(request, error.detail)


def _id_as_stored(term: str) -> str:
    """A search term as the database stores ids: PostgreSQL with dashes, SQLite as 32 digits."""
    try:
        job_id = UUID(term.strip())
    except ValueError:
        return term
    return str(job_id) if connection.features.has_native_uuid_field else job_id.hex
