"""All jobs of one person, newest first."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from jobs.api.filters import filtered
from jobs.models import Job
from jobs.web.forms import HistoryFilter
from jobs.web.requests import UserRequest

PAGE_SIZE = 20


@require_GET
def history(request: UserRequest) -> HttpResponseBase:
    if request.htmx and not request.user.is_authenticated:
        # A redirect would leave the log-in page where the table was.
        return HttpResponse(headers={"HX-Refresh": "true", "Cache-Control": "no-store"})
    return _page(request)


@login_required
def _page(request: UserRequest) -> HttpResponse:
    mine = Job.objects.visible_to(request.user).listed()
    separators = mine.order_by("separator").values_list("separator", flat=True).distinct()
    form = HistoryFilter(request.GET, separators=list(separators))
    found = filtered(mine, form.chosen).newest_first().select_related("source")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "filtered": bool(form.chosen),
        "page": page,
        "moving": any(job.is_active for job in page),
    }
    return render(request, "jobs/history.html", context)
