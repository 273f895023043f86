"""Addresses of the pages."""

from django.urls import path

from jobs.web.views import (
    account,
    bulk,
    closing,
    demo,
    downloads,
    history,
    job,
    mixer,
    tokens,
    upload,
    uploads,
    version,
)

app_name = "jobs"
urlpatterns = [
    path("", upload.upload, name="upload"),
    path("uploads/", uploads.begin, name="upload-begin"),
    path("uploads/<uuid:upload_id>/", uploads.outcome, name="upload-outcome"),
    path("uploads/<uuid:upload_id>/again/", uploads.again, name="upload-again"),
    path("uploads/<uuid:upload_id>/discard/", uploads.discard, name="upload-discard"),
    path("from-url/", upload.from_url, name="from-url"),
    path("demo/", demo.start, name="demo"),
    path("account/", account.account, name="account"),
    path("account/theme/", account.theme, name="theme"),
    path("account/defaults/", account.defaults, name="defaults"),
    path("account/export/", account.export, name="export"),
    path("account/tokens/", tokens.create, name="token-create"),
    path("account/tokens/<uuid:token_id>/revoke/", tokens.revoke, name="token-revoke"),
    path("account/delete/", closing.delete, name="account-delete"),
    path("account/deleted/", closing.deleted, name="account-deleted"),
    path("jobs/", history.history, name="history"),
    path("jobs/together/", bulk.together, name="together"),
    path("jobs/<uuid:job_id>/", job.detail, name="detail"),
    path("jobs/<uuid:job_id>/progress/", job.progress, name="progress"),
    path("jobs/<uuid:job_id>/cancel/", job.cancel, name="cancel"),
    path("jobs/<uuid:job_id>/retry/", job.retry, name="retry"),
    path("jobs/<uuid:job_id>/accept/", version.accept, name="accept"),
    path("jobs/<uuid:job_id>/dismiss/", version.dismiss, name="dismiss"),
    path("jobs/<uuid:job_id>/delete/", job.delete, name="delete"),
    path("jobs/<uuid:job_id>/tracks.zip", downloads.archive, name="archive"),
    path("jobs/<uuid:job_id>/manifest.json", downloads.manifest, name="manifest"),
    path("jobs/<uuid:job_id>/tracks/<str:name>/", downloads.track, name="track"),
    path("jobs/<uuid:job_id>/tracks/<str:name>/listen/", downloads.listen, name="listen"),
    path("jobs/<uuid:job_id>/mixer.json", mixer.song, name="mixer"),
    path("jobs/<uuid:job_id>/previews/<str:name>/", mixer.preview, name="preview"),
    path("jobs/<uuid:job_id>/peaks/<str:name>/", mixer.peaks, name="peaks"),
]
