"""Addresses of the pages."""

from django.urls import path

from jobs.web.views import (
    bulk,
    demo,
    downloads,
    history,
    job,
    mixer,
    shared,
    shares,
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
    path("jobs/<uuid:job_id>/shares/", shares.create, name="share"),
    path("jobs/<uuid:job_id>/shares/<uuid:link_id>/revoke/", shares.revoke, name="share-revoke"),
    path("s/<str:token>/", shared.page, name="shared"),
    path("s/<str:token>/mixer.json", shared.song, name="shared-mixer"),
    path("s/<str:token>/previews/<str:name>/", shared.preview, name="shared-preview"),
    path("s/<str:token>/peaks/<str:name>/", shared.peaks, name="shared-peaks"),
    path("s/<str:token>/tracks/<str:name>/", shared.track, name="shared-track"),
]
