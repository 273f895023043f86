"""The operator's page: the workers and their jobs, the queue, and scarce resources."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from jobs.admin.base import ReadOnlyAdmin
from jobs.models import Worker
from jobs.services.operations import operations


@admin.register(Worker)
class OperationsAdmin(ReadOnlyAdmin):
    """Takes the place of the list of workers, whose rows alone say little."""

    def get_urls(self) -> list[URLPattern]:
        live = path("live/", self.live, name="jobs_worker_live")
        return [live, *super().get_urls()]

    def has_change_permission(self, request: HttpRequest, obj: Worker | None = None) -> bool:
        # Workers create and delete their own rows.
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Worker | None = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(("GET", "HEAD"))
        return self._page(request, "admin/jobs/worker/operations.html")

    def live(self, request: HttpRequest) -> HttpResponseBase:
        """The part of the page that htmx fetches every few seconds."""
        if not self.admin_site.has_permission(request):
            # A redirect would put the whole log-in page into the middle of this one.
            return HttpResponse(headers={"HX-Refresh": "true", "Cache-Control": "no-store"})
        return never_cache(self._page)(request, "admin/jobs/worker/live.html")

    def _page(self, request: HttpRequest, template: str) -> TemplateResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Operations"),
            "opts": self.opts,
            "operations": operations(),
            # Names of songs are for those who may see jobs.
            "names_jobs": request.user.has_perm("jobs.view_job"),
        }
        return TemplateResponse(request, template, context)
