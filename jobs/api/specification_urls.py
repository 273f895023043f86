"""The specification's own addresses: the views of the API under their first names."""

from django.urls import path

from jobs.api.job.download_views import DownloadAllView, DownloadView
from jobs.api.job.views import JobDetailView, OutputsView, ProcessView
from jobs.api.routes import route
from jobs.api.site.docs_views import UnknownView
from jobs.api.site.views import ConfigView, HealthView

FIRST_WORDS = ("health", "config", "process", "job", "download")
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
    # Below these a program looks for no page: also an id that is none is answered as JSON.
    *(path(f"{first}/<path:rest>", UNKNOWN) for first in FIRST_WORDS),
    *(path(f"{first}{end}", UNKNOWN) for first in ("job", "download") for end in ("", "/")),
]
