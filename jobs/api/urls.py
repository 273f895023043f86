from django.urls import path

from jobs.api.account.token_views import OneTokenView, TokensView, TokenView
from jobs.api.account.views import ExportView, QuotaView
from jobs.api.batches.views import (
    BatchCancelView,
    BatchDownloadView,
    BatchesView,
    BatchRetryView,
    BatchView,
)
from jobs.api.campaigns.views import AcceptView, DismissView
from jobs.api.job.download_views import DownloadAllView, DownloadView
from jobs.api.job.quality_views import QualityView
from jobs.api.job.rerun_views import RerunView
from jobs.api.job.verification_views import VerifyView
from jobs.api.job.views import (
    CancelView,
    JobDetailView,
    JobsView,
    ManifestView,
    OutputsView,
    RetryView,
)
from jobs.api.mixing.views import MixView
from jobs.api.routes import route
from jobs.api.set_lists.views import (
    SetListSongsView,
    SetListSongView,
    SetListsView,
    SetListView,
)
from jobs.api.sharing.views import SharesView, ShareView
from jobs.api.site.docs_views import DocsView, SchemaView, UnknownView
from jobs.api.site.views import ConfigView, HealthView, PresetsView, SeparatorsView
from jobs.api.uploads.views import UploadsView, UploadView

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
    *route("set-lists", SetListsView, "set-lists"),
    *route("set-lists/<uuid:set_list_id>", SetListView, "set-list"),
    *route("set-lists/<uuid:set_list_id>/songs", SetListSongsView, "set-list-songs"),
    *route("set-lists/<uuid:set_list_id>/songs/<uuid:job_id>", SetListSongView, "set-list-song"),
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
    *route("jobs/<uuid:job_id>/rerun", RerunView, "rerun"),
    *route("jobs/<uuid:job_id>/verify", VerifyView, "verify"),
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
