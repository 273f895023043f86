"""Addresses of the pages."""

from django.urls import path

from jobs.web import language
from jobs.web.account import deletion_views as account_deletion
from jobs.web.account import token_views as tokens
from jobs.web.account import views as account
from jobs.web.batches import views as batch
from jobs.web.campaigns import views as version
from jobs.web.comparing import views as comparing
from jobs.web.front import views as front
from jobs.web.history import bulk_views as bulk
from jobs.web.history import views as history
from jobs.web.job import download_views as downloads
from jobs.web.job import rerun_views as rerunning
from jobs.web.job import verification_views as verifying
from jobs.web.job import views as job
from jobs.web.mixing import mixer_views as mixer
from jobs.web.mixing import views as mixing
from jobs.web.set_lists import views as set_list
from jobs.web.sharing import owner_views as sharing_owner
from jobs.web.sharing import public_views as sharing_public
from jobs.web.shell import views as shell
from jobs.web.uploads import demo_views as demo
from jobs.web.uploads import form_views as upload
from jobs.web.uploads import views as uploads
from jobs.web.uploads.url_views import cancel_fetching

app_name = "jobs"
urlpatterns = [
    path("", front.first_page, name="upload"),
    path("site.webmanifest", shell.manifest, name="manifest-of-site"),
    path("service-worker.js", shell.worker, name="service-worker"),
    path("offline/", shell.offline, name="offline"),
    path("uploads/", uploads.begin, name="upload-begin"),
    path("uploads/<uuid:upload_id>/", uploads.outcome, name="upload-outcome"),
    path("uploads/<uuid:upload_id>/again/", uploads.again, name="upload-again"),
    path("uploads/<uuid:upload_id>/cancel/", uploads.cancel, name="upload-cancel"),
    path("uploads/<uuid:upload_id>/discard/", uploads.discard, name="upload-discard"),
    path("from-url/", upload.from_url, name="from-url"),
    path("from-url/cancel/", cancel_fetching, name="from-url-cancel"),
    path("demo/", demo.start, name="demo"),
    path("demo/<str:edition>/mixer.json", front.song, name="demo-mixer"),
    path("demo/<str:edition>/previews/<str:name>/", front.preview, name="demo-preview"),
    path("demo/<str:edition>/peaks/<str:name>/", front.peaks, name="demo-peaks"),
    path("account/", account.account, name="account"),
    path("language/", language.choose, name="language"),
    path("language.js", language.script_texts, name="script-texts"),
    path("account/theme/", account.theme, name="theme"),
    path("account/defaults/", account.defaults, name="defaults"),
    path("account/export/", account.export, name="export"),
    path("account/tokens/", tokens.create, name="token-create"),
    path("account/tokens/<uuid:token_id>/revoke/", tokens.revoke, name="token-revoke"),
    path("account/delete/", account_deletion.delete, name="account-delete"),
    path("account/deleted/", account_deletion.deleted, name="account-deleted"),
    path("batches/<uuid:batch_id>/", batch.detail, name="batch"),
    path("batches/<uuid:batch_id>/progress/", batch.progress, name="batch-progress"),
    path("batches/<uuid:batch_id>/retry/", batch.retry, name="batch-retry"),
    path("batches/<uuid:batch_id>/cancel/", batch.cancel, name="batch-cancel"),
    path("batches/<uuid:batch_id>/rename/", batch.rename, name="batch-rename"),
    path("batches/<uuid:batch_id>/notify/", batch.notify, name="batch-notify"),
    path("batches/<uuid:batch_id>/delete/", batch.delete, name="batch-delete"),
    path("batches/<uuid:batch_id>/songs.zip", batch.archive, name="batch-archive"),
    path("set-lists/", set_list.create, name="set-lists"),
    path("set-lists/<uuid:set_list_id>/", set_list.detail, name="set-list"),
    path("set-lists/<uuid:set_list_id>/songs/", set_list.songs, name="set-list-songs"),
    path("set-lists/<uuid:set_list_id>/rename/", set_list.rename, name="set-list-rename"),
    path("set-lists/<uuid:set_list_id>/delete/", set_list.delete, name="set-list-delete"),
    path("jobs/", history.history, name="history"),
    path("jobs/together/", bulk.together, name="together"),
    path("jobs/<uuid:job_id>/", job.detail, name="detail"),
    path("jobs/<uuid:job_id>/progress/", job.progress, name="progress"),
    path("jobs/<uuid:job_id>/cancel/", job.cancel, name="cancel"),
    path("jobs/<uuid:job_id>/retry/", job.retry, name="retry"),
    path("jobs/<uuid:job_id>/again/", comparing.again, name="again"),
    path("jobs/<uuid:job_id>/compare/<uuid:other_id>/", comparing.compare, name="compare"),
    path("jobs/<uuid:job_id>/title/", job.title, name="title"),
    path("jobs/<uuid:job_id>/whole/", job.whole, name="whole"),
    path("jobs/<uuid:job_id>/anew/", job.anew, name="anew"),
    path("jobs/<uuid:job_id>/accept/", version.accept, name="accept"),
    path("jobs/<uuid:job_id>/dismiss/", version.dismiss, name="dismiss"),
    path("jobs/<uuid:job_id>/delete/", job.delete, name="delete"),
    path("jobs/<uuid:job_id>/original/", downloads.original, name="original"),
    path("jobs/<uuid:job_id>/tracks.zip", downloads.archive, name="archive"),
    path("jobs/<uuid:job_id>/rerun/", rerunning.rerun, name="rerun"),
    path("jobs/<uuid:job_id>/verify/", verifying.verify, name="verify"),
    path("jobs/<uuid:job_id>/verification/", verifying.verification, name="verification"),
    path("jobs/<uuid:job_id>/manifest.json", downloads.manifest, name="manifest"),
    path("schemas/manifest-<str:version>.json", downloads.manifest_schema, name="manifest-schema"),
    path("jobs/<uuid:job_id>/tracks/<str:name>/", downloads.track, name="track"),
    path("jobs/<uuid:job_id>/tracks/<str:name>/listen/", downloads.listen, name="listen"),
    path("jobs/<uuid:job_id>/mixer.json", mixer.song, name="mixer"),
    path("jobs/<uuid:job_id>/mixer-state/", mixer.state, name="mixer-state"),
    path("jobs/<uuid:job_id>/mixer-saved/", mixer.saved, name="mixer-saved"),
    path("jobs/<uuid:job_id>/waveform.svg", mixer.waveform, name="waveform"),
    path("jobs/<uuid:job_id>/cover.jpg", mixer.cover, name="cover"),
    path("jobs/<uuid:job_id>/previews/<str:name>/", mixer.preview, name="preview"),
    path("jobs/<uuid:job_id>/peaks/<str:name>/", mixer.peaks, name="peaks"),
    path("jobs/<uuid:job_id>/mix/", mixing.mix, name="mix"),
    path("jobs/<uuid:job_id>/shares/", sharing_owner.create, name="share"),
    path(
        "jobs/<uuid:job_id>/shares/<uuid:link_id>/revoke/",
        sharing_owner.revoke,
        name="share-revoke",
    ),
    path("s/<str:token>/", sharing_public.page, name="shared"),
    path("s/<str:token>/mixer.json", sharing_public.song, name="shared-mixer"),
    path("s/<str:token>/previews/<str:name>/", sharing_public.preview, name="shared-preview"),
    path("s/<str:token>/peaks/<str:name>/", sharing_public.peaks, name="shared-peaks"),
    path("s/<str:token>/tracks/<str:name>/", sharing_public.track, name="shared-track"),
    path("s/<str:token>/tracks.zip", sharing_public.archive, name="shared-archive"),
]
