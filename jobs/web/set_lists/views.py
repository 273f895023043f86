"""The page of one set list, and the forms that make, order, rename and delete it."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs.models import SetList
from jobs.models.set_list import MAX_SET_LIST_NAME_LENGTH
from jobs.services.set_lists.actions import (
    create_set_list,
    delete_set_list,
    move_song,
    order_songs,
    remove_songs,
    rename_set_list,
    songs_of,
)
from jobs.web.history.bulk_views import MAX_TOGETHER
from jobs.web.history.rows import song_rows
from jobs.web.history.way_back import way_back
from jobs.web.requests import UserRequest
from separation.errors import SeparationError


def visible_set_list(request: UserRequest, set_list_id: UUID) -> SetList:
    """The person's own set list. Raises ``Http404`` for anybody else's."""
    set_lists = SetList.objects.visible_to(request.user).select_related("owner")
    return get_object_or_404(set_lists, pk=set_list_id)


@login_required
@require_POST
def create(request: UserRequest) -> HttpResponse:
    try:
        create_set_list(owner=request.user, name=request.POST.get("name", ""))
    except SeparationError as error:
        messages.error(request, error.detail)
    return redirect(way_back(request))


@never_cache
@login_required
@require_GET
def detail(request: UserRequest, set_list_id: UUID) -> HttpResponse:
    set_list = visible_set_list(request, set_list_id)
    rows = song_rows(songs_of(set_list).select_related("source"))
    context = {
        "set_list": set_list,
        "rows": rows,
        "length_s": sum(row.length_s for row in rows),
        "completed": [row.job for row in rows if row.job.status == "completed"][:MAX_TOGETHER],
        "name_length": MAX_SET_LIST_NAME_LENGTH,
    }
    return render(request, "jobs/set_list.html", context)


@login_required
@require_POST
def songs(request: UserRequest, set_list_id: UUID) -> HttpResponse:
    """``up``, ``down`` or ``remove`` with the id of a song; or ``job``, all ids in a new order."""
    set_list = visible_set_list(request, set_list_id)
    ids = list(songs_of(set_list).values_list("pk", flat=True))
    place = {str(pk): n for n, pk in enumerate(ids)}
    for step, name in ((-1, "up"), (1, "down")):
        moved = place.get(request.POST.get(name, ""))
        if moved is not None:
            move_song(set_list=set_list, job_id=ids[moved], to=moved + step)
            return _at_song(set_list, ids[moved])
    removed = place.get(request.POST.get("remove", ""))
    if removed is not None:
        remove_songs(set_list=set_list, job_ids=[ids[removed]])
    order = [ids[place[text]] for text in request.POST.getlist("job") if text in place]
    if order:
        order_songs(set_list=set_list, job_ids=order)
    return redirect("jobs:set-list", set_list.pk)


def _at_song(set_list: SetList, job_id: UUID) -> HttpResponse:
    """Back to the song that was moved, so that the next step needs no search for it."""
    page = reverse("jobs:set-list", args=[set_list.pk])
    return HttpResponseRedirect(f"{page}#song-{job_id}")


@login_required
@require_POST
def rename(request: UserRequest, set_list_id: UUID) -> HttpResponse:
    set_list = visible_set_list(request, set_list_id)
    try:
        rename_set_list(set_list=set_list, name=request.POST.get("name", ""))
    except SeparationError as error:
        messages.error(request, error.detail)
    return redirect("jobs:set-list", set_list.pk)


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: UserRequest, set_list_id: UUID) -> HttpResponse:
    set_list = visible_set_list(request, set_list_id)
    if request.method != "POST":
        return render(request, "jobs/set_list_delete.html", {"set_list": set_list})
    delete_set_list(set_list=set_list)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": set_list.name})
    return redirect("jobs:history")
