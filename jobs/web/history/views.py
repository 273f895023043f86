"""The history: all jobs of one person."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from jobs.http.job_filters import filtered
from jobs.models import Job, Tag
from jobs.models.tag import MAX_TAG_LENGTH
from jobs.services.batches.rows import batch_rows, batches_offered, newest_of_each_batch
from jobs.services.listening.index import has_cover
from jobs.services.listening.waveform import has_waveform
from jobs.web.history.rows import song_row
from jobs.web.requests import UserRequest
from jobs.web.uploads.forms import HistoryFilter

PAGE_SIZE = 20


@require_GET
def history(request: UserRequest) -> HttpResponseBase:
    if request.htmx and not request.user.is_authenticated:
        # A redirect would put the log-in page in place of the table.
        return HttpResponse(headers={"HX-Refresh": "true", "Cache-Control": "no-store"})
    return _page(request)


@login_required
def _page(request: UserRequest) -> HttpResponse:
    own_jobs = Job.objects.visible_to(request.user).listed()
    separators = own_jobs.order_by("separator").values_list("separator", flat=True).distinct()
    tags = Tag.objects.filter(owner=request.user).values_list("name", flat=True)
    form = HistoryFilter(
        request.GET,
        separators=list(separators),
        tags=list(tags),
        batches=batches_offered(request.user, also=request.GET.get("batch", "")),
    )
    # A search, and an order by a field of songs, list songs instead of batches.
    together = not form.narrows and form.chosen.get("sort", "newest") in ("newest", "oldest")
    found = filtered(newest_of_each_batch(own_jobs) if together else own_jobs, form.chosen)
    found = found.select_related("source", "batch").prefetch_related("tags")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "filtered": form.narrows,
        "page": page,
        "rows": [song_row(job) for job in page],
        "batches": (batches := batch_rows(list(page)) if together else {}),
        "moving": any(job.is_active for job in page)
        or any(row.sight.is_moving for row in batches.values()),
        "drawn": {job.pk for job in page if has_waveform(job)},
        "covered": {job.pk for job in page if has_cover(job)},
        "tag_length": MAX_TAG_LENGTH,
    }
    return render(request, "jobs/history.html", context)
