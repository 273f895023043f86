"""The addresses of the original specification, served by the views of the API."""

from django.urls import path

from jobs.api.job.download_views import DownloadAllView, DownloadView
from jobs.api.job.views import JobDetailView, OutputsView, ProcessView
from jobs.api.routes import route
from jobs.api.site.docs_views import UnknownView
from jobs.api.site.views import ConfigView, HealthView

PREFIXES = ("health", "config", "process", "job", "download")
UNKNOWN = UnknownView.as_view(schema=None)

app_name = "specification"
urlpatterns = [
    *route("health", HealthView, "health", described=False),
    *route("config", ConfigView, "config", described=False),
    *route("process", ProcessView, "process", described=False),
    *route("job/<uuid:job_id>", JobDetailView, "job", described=False),
    *route("job/<uuid:job_id>/outputs", OutputsView, "outputs", described=False),
    *route("download/<uuid:job_id>/all", DownloadAllView, "download-all", described=False),
    *route("download/<uuid:job_id>/<str:track>", DownloadView, "download", described=False),
    # Below these addresses every 404 is JSON, also that of an invalid id.
    *(path(f"{prefix}/<path:rest>", UNKNOWN) for prefix in PREFIXES),
    *(path(f"{prefix}{end}", UNKNOWN) for prefix in ("job", "download") for end in ("", "/")),
]
