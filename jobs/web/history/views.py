"""The library: all songs of one person, or those that a search or filters leave."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from jobs.http.job_filters import filtered
from jobs.models import Job
from jobs.models.job import JobQuerySet
from jobs.models.set_list import MAX_SET_LIST_NAME_LENGTH
from jobs.models.tag import MAX_TAG_LENGTH
from jobs.services.batches.rows import batch_rows, newest_of_each_batch
from jobs.services.set_lists.contents import set_list_rows
from jobs.services.sources.rename import MAX_TITLE_LENGTH
from jobs.web.history.filters import chips, menus, offer_of, orders
from jobs.web.history.forms import HistoryFilter
from jobs.web.history.rows import song_rows
from jobs.web.requests import UserRequest

PAGE_SIZE = 20


@require_GET
def history(request: UserRequest) -> HttpResponseBase:
    if request.htmx and not request.user.is_authenticated:
        # A redirect would put the log-in page in place of the list.
        return HttpResponse(headers={"HX-Refresh": "true", "Cache-Control": "no-store"})
    return _page(request)


@login_required
def _page(request: UserRequest) -> HttpResponse:
    own_jobs = Job.objects.visible_to(request.user).listed()
    set_lists = set_list_rows(request.user)
    offer = offer_of(request.user, own_jobs, set_lists, request.GET.get("batch", ""))
    form = HistoryFilter(request.GET, offered=offer.values)
    # A search, and an order by a field of songs, list songs instead of batches.
    together = not form.narrows and form.sort_chosen in ("newest", "oldest")
    found = filtered(newest_of_each_batch(own_jobs) if together else own_jobs, form.chosen)
    page, jobs = _jobs_of_page(found, request.GET.get("page"))
    batches = batch_rows(jobs) if together else {}
    context = {
        "form": form,
        "filtered": form.narrows,
        "kept": {name: value for name, value in form.chosen.items() if name != "search"},
        "chips": chips(form),
        "menus": menus(form, offer),
        "orders": orders(form),
        "tags": offer.values["tag"],
        "set_lists": set_lists,
        "page": page,
        "rows": song_rows(jobs),
        "batches": batches,
        "moving": any(job.is_active for job in jobs)
        or any(row.sight.is_moving for row in batches.values()),
        "tag_length": MAX_TAG_LENGTH,
        "set_list_length": MAX_SET_LIST_NAME_LENGTH,
        "title_length": MAX_TITLE_LENGTH,
    }
    return render(request, "jobs/history.html", context)


def _jobs_of_page(found: JobQuerySet, number: str | None) -> tuple[Any, list[Job]]:
    """The page, and its jobs in order. The ids are found by an index alone; only the jobs of the
    page are read."""
    page = Paginator(found.values_list("pk", flat=True), PAGE_SIZE).get_page(number)
    jobs = Job.objects.select_related("source", "batch").prefetch_related("tags")
    rows = jobs.in_bulk(list(page))
    return page, [rows[pk] for pk in page if pk in rows]
