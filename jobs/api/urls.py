from django.urls import path

from jobs.api.routes import route
from jobs.api.views.account import ExportView, QuotaView
from jobs.api.views.batches import (
    BatchCancelView,
    BatchDownloadView,
    BatchesView,
    BatchRetryView,
    BatchView,
)
from jobs.api.views.docs import DocsView, SchemaView, UnknownView
from jobs.api.views.downloads import DownloadAllView, DownloadView
from jobs.api.views.jobs import (
    CancelView,
    JobDetailView,
    JobsView,
    ManifestView,
    OutputsView,
    RetryView,
)
from jobs.api.views.mixing import MixView
from jobs.api.views.quality import QualityView
from jobs.api.views.shares import SharesView, ShareView
from jobs.api.views.site import ConfigView, HealthView, PresetsView, SeparatorsView
from jobs.api.views.tokens import OneTokenView, TokensView, TokenView
from jobs.api.views.uploads import UploadsView, UploadView
from jobs.api.views.versions import AcceptView, DismissView

app_name = "api"
urlpatterns = [
    *route("auth/token", TokenView, "token"),
    *route("tokens", TokensView, "tokens"),
    *route("tokens/<uuid:token_id>", OneTokenView, "one-token"),
    *route("account/export", ExportView, "export"),
    *route("uploads", UploadsView, "uploads"),
    *route("uploads/<uuid:upload_id>", UploadView, "upload"),
    *route("batches", BatchesView, "batches"),
    *route("batches/<uuid:batch_id>", BatchView, "batch"),
    *route("batches/<uuid:batch_id>/retry", BatchRetryView, "batch-retry"),
    *route("batches/<uuid:batch_id>/cancel", BatchCancelView, "batch-cancel"),
    *route("batches/<uuid:batch_id>/download/all", BatchDownloadView, "batch-download-all"),
    *route("jobs", JobsView, "jobs"),
    *route("jobs/<uuid:job_id>", JobDetailView, "job"),
    *route("jobs/<uuid:job_id>/outputs", OutputsView, "outputs"),
    *route("jobs/<uuid:job_id>/quality", QualityView, "quality"),
    *route("jobs/<uuid:job_id>/cancel", CancelView, "cancel"),
    *route("jobs/<uuid:job_id>/retry", RetryView, "retry"),
    *route("jobs/<uuid:job_id>/accept", AcceptView, "accept"),
    *route("jobs/<uuid:job_id>/dismiss", DismissView, "dismiss"),
    *route("jobs/<uuid:job_id>/shares", SharesView, "shares"),
    *route("jobs/<uuid:job_id>/shares/<uuid:link_id>", ShareView, "share"),
    *route("jobs/<uuid:job_id>/mix", MixView, "mix"),
    *route("jobs/<uuid:job_id>/manifest", ManifestView, "manifest"),
    *route("jobs/<uuid:job_id>/download/all", DownloadAllView, "download-all"),
    *route("jobs/<uuid:job_id>/download/<str:track>", DownloadView, "download"),
    *route("quota", QuotaView, "quota"),
    *route("separators", SeparatorsView, "separators"),
    *route("presets", PresetsView, "presets"),
    *route("config", ConfigView, "config"),
    *route("health", HealthView, "health"),
    *route("schema", SchemaView, "schema", described=False),
    *route("docs", DocsView, "docs", described=False),
    path("", UnknownView.as_view(schema=None)),
    path("<path:rest>", UnknownView.as_view(schema=None)),
]
