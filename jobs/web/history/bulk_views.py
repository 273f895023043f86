"""Actions of the library on several selected jobs at once."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from jobs.http.archive import archive_response
from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.services.archive import jobs_zip
from jobs.services.job.bulk import BulkOutcome, for_each
from jobs.services.job.delete import delete_job
from jobs.services.job.favourites_and_tags import add_tag, remove_tag, set_favourite
from jobs.services.job.retry import retry_all
from jobs.services.set_lists.actions import add_to_named
from jobs.web.history.bulk_messages import Words, add_messages, deleted, waiting_again
from jobs.web.history.way_back import way_back
from jobs.web.requests import UserRequest
from separation.errors import InvalidOptions, SeparationError

MAX_TOGETHER = 100


@login_required
@require_POST
def together(request: UserRequest) -> HttpResponseBase:
    """Apply ``action`` to every ``job`` of the form and to the jobs of every ``batch``; jobs of
    others are ignored.

    The button ``star`` of a row toggles that job's favourite, whatever is selected.
    """
    try:
        if "star" in request.POST:
            return _toggle_favourite(request)
        act = _ACTIONS.get(_action(request))
        if act is None:
            raise InvalidOptions(_("Choose what to do with the selected songs."))
        return act(request, _chosen(request))
    except SeparationError as error:
        messages.error(request, error.detail)
        return _back(request)


def _action(request: UserRequest) -> str:
    """Return in one of the two fields means the button beside it."""
    action = request.POST.get("action", "")
    if action != "entered":
        return action
    filled = [name for name in ("tag", "set_list") if request.POST.get(name, "").strip()]
    return filled[0] if len(filled) == 1 else ""


def _toggle_favourite(request: UserRequest) -> HttpResponse:
    job = _chosen(request, "star")[0]
    set_favourite(jobs=[job], favourite=not job.is_favourite)
    return _back(request)


def _chosen(request: UserRequest, field: str = "job") -> list[Job]:
    ids = _ids(request, field)
    selection = Q(pk__in=ids)
    if field == "job":
        selection |= Q(batch__in=_ids(request, "batch"))
    jobs = Job.objects.visible_to(request.user).listed().filter(selection)
    if len(ids) > MAX_TOGETHER or jobs.count() > MAX_TOGETHER:
        raise InvalidOptions(
            _("At most %(count)s songs can be handled together.") % {"count": MAX_TOGETHER}
        )
    chosen = list(jobs.newest_first().select_related("source").prefetch_related("artifacts"))
    if not chosen:
        raise InvalidOptions(_("Select at least one song first."))
    return chosen


def _ids(request: UserRequest, field: str) -> set[UUID]:
    return {pk for text in request.POST.getlist(field) if (pk := _id(text)) is not None}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _delete(request: UserRequest, jobs: list[Job]) -> HttpResponse:
    if "confirmed" not in request.POST:
        context = {"jobs": jobs, "back": way_back(request)}
        return render(request, "jobs/delete_together.html", context)
    return _back_with_messages(request, for_each(jobs, lambda job: delete_job(job=job)), deleted)


def _retry(request: UserRequest, jobs: list[Job]) -> HttpResponse:
    return _back_with_messages(request, retry_all(jobs), waiting_again)


def _zip(request: UserRequest, jobs: list[Job]) -> HttpResponseBase:
    completed = [job for job in jobs if job.status == JobStatus.COMPLETED]
    return archive_response(request, jobs_zip(completed, name=f"stemsite, {len(completed)} songs"))


def _mark(favourite: bool) -> Callable[[UserRequest, list[Job]], HttpResponse]:
    def act(request: UserRequest, jobs: list[Job]) -> HttpResponse:
        set_favourite(jobs=jobs, favourite=favourite)
        return _back(request)

    return act


def _tag(request: UserRequest, jobs: list[Job]) -> HttpResponse:
    add_tag(owner=request.user, jobs=jobs, name=request.POST.get("tag", ""))
    return _back(request)


def _untag(request: UserRequest, jobs: list[Job]) -> HttpResponse:
    remove_tag(owner=request.user, jobs=jobs, name=request.POST.get("tag", ""))
    return _back(request)


def _set_list(request: UserRequest, jobs: list[Job]) -> HttpResponse:
    # In the order of the page, which its person sees.
    places = {text: n for n, text in enumerate(request.POST.getlist("job"))}
    jobs.sort(key=lambda job: places.get(str(job.pk), len(places)))
    set_list, added = add_to_named(
        owner=request.user, name=request.POST.get("set_list", ""), jobs=jobs
    )
    told = ngettext(
        "%(count)s song is added to “%(name)s”.", "%(count)s songs are added to “%(name)s”.", added
    )
    messages.success(request, told % {"count": added, "name": set_list.name})
    return _back(request)


_ACTIONS: dict[str, Callable[[UserRequest, list[Job]], HttpResponseBase]] = {
    "delete": _delete,
    "retry": _retry,
    "zip": _zip,
    "favourite": _mark(True),
    "unfavourite": _mark(False),
    "tag": _tag,
    "untag": _untag,
    "set_list": _set_list,
}


def _back_with_messages(request: UserRequest, outcome: BulkOutcome, done: Words) -> HttpResponse:
    add_messages(request, outcome, done)
    return _back(request)


def _back(request: UserRequest) -> HttpResponse:
    return redirect(way_back(request))
