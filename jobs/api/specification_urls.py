"""The specification's own addresses: the views of the API under their first names."""

from jobs.api.routes import route
from jobs.api.views.downloads import DownloadAllView, DownloadView
from jobs.api.views.jobs import JobDetailView, OutputsView, ProcessView
from jobs.api.views.site import ConfigView, HealthView

app_name = "specification"
urlpatterns = [
    *route("health", HealthView, "health", described=False),
    *route("config", ConfigView, "config", described=False),
    *route("process", ProcessView, "process", described=False),
    *route("job/<uuid:job_id>", JobDetailView, "job", described=False),
    *route("job/<uuid:job_id>/outputs", OutputsView, "outputs", described=False),
    *route("download/<uuid:job_id>/all", DownloadAllView, "download-all", described=False),
    *route("download/<uuid:job_id>/<str:track>", DownloadView, "download", described=False),
]
