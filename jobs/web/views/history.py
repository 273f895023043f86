"""All jobs of one person, newest first."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from jobs.api.filters import filtered
from jobs.models import Job
from jobs.web.forms import HistoryFilter
from jobs.web.requests import UserRequest

PAGE_SIZE = 20


@login_required
@require_GET
def history(request: UserRequest) -> HttpResponse:
    mine = Job.objects.visible_to(request.user)
    separators = mine.order_by("separator").values_list("separator", flat=True).distinct()
    form = HistoryFilter(request.GET, separators=list(separators))
    found = filtered(mine, form.chosen).select_related("source")
    context = {
        "form": form,
        "filtered": bool(form.chosen),
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "jobs/history.html", context)
