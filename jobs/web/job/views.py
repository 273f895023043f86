"""One job: its page, the fragment that the page polls, and what its owner may do to it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs.http.original import media_type_of
from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.sentences import translated
from jobs.services.demo import scores
from jobs.services.job.cancel import cancel_job
from jobs.services.job.delete import delete_job
from jobs.services.job.retry import retry_job
from jobs.services.job.separate_again import repeat_separation, separate_whole_song
from jobs.services.listening.index import has_cover, is_playable
from jobs.services.site_models.runnable import Runnable
from jobs.services.sources.rename import rename
from jobs.services.storage.integrity import looks_intact
from jobs.services.timing.waiting import waiting
from jobs.web import results
from jobs.web.comparing.context import choosing_context, instead_context
from jobs.web.fragments import not_modified_or
from jobs.web.history.way_back import way_back
from jobs.web.job import outline, quality
from jobs.web.job.panels import panels
from jobs.web.mixing import mixer
from jobs.web.mixing.mixer import mixing_context
from jobs.web.requests import UserRequest, visible_job
from jobs.web.results import remarks
from jobs.web.sharing.owner import sharing_context
from separation.errors import SeparationError


@never_cache
@login_required
@require_GET
def detail(request: UserRequest, job_id: UUID) -> HttpResponse:
    job = visible_job(request, job_id)
    if job.is_active:
        return render(request, "jobs/active.html", _active(request, job))
    artifacts = list(job.artifacts.all())
    lanes = mixer.lanes(job, artifacts)
    # A failed or cancelled job can be played, but not mixed, compared or shared.
    finished = lanes if job.status == JobStatus.COMPLETED else []
    stems = [lane.track.name for lane in finished if not lane.parent]
    damaged = [each for each in artifacts if not looks_intact(each)]
    for_staff = request.user.is_staff
    prefetch_related_objects([job], "stages")
    context: dict[str, Any] = {
        "job": job,
        "failure": results.failure(job, for_staff=for_staff),
        "hides_reason": _hides_reason(request, job),
        "reasons": results.reasons(job) if for_staff else [],
        "damaged": damaged,
        "why_not_anew": Runnable.load().why_not_anew(job) if damaged else "",
        "stages": job.stages.all(),
        "groups": results.track_groups(job, artifacts),
        "lanes": lanes,
        "has_cover": _shows_cover(job),
        "quality": quality.quality(job),
        "facts": results.facts(job),
        "remarks": remarks(job),
        "scores": scores(job),
        "total_bytes": sum(each.size_bytes for each in artifacts if not each.same_as),
        "versions": results.versions(job),
        "stretch": results.stretch(job),
        **mixer.addresses(job),
        **mixing_context(job, stems or [lane.track.name for lane in finished]),
        **choosing_context(job, stems),
        **instead_context(job),
        **sharing_context(job, stems),
    }
    context["panels"] = panels(job, context)
    return render(request, "jobs/ended.html", context)


@require_GET
def progress(request: UserRequest, job_id: UUID) -> HttpResponseBase:
    """The part that the page polls; when the job has ended, htmx reloads the whole page."""
    if request.htmx and not request.user.is_authenticated:
        # A redirect would put the log-in page into the middle of this page.
        return HttpResponse(headers={"HX-Refresh": "true", "Cache-Control": "no-store"})
    return _fragment(request, job_id)


@login_required
def _fragment(request: UserRequest, job_id: UUID) -> HttpResponseBase:
    job = visible_job(request, job_id)
    response = render(request, "jobs/partials/progress.html", _progress(request, job))
    if not job.is_active:
        response["HX-Refresh"] = "true"
    return not_modified_or(request, response)


@login_required
@require_POST
def cancel(request: UserRequest, job_id: UUID) -> HttpResponse:
    job = visible_job(request, job_id)
    return _back_to_job(request, job, lambda: cancel_job(job=job))


@login_required
@require_POST
def retry(request: UserRequest, job_id: UUID) -> HttpResponse:
    job = visible_job(request, job_id)
    return _back_to_job(request, job, lambda: retry_job(job=job))


@login_required
@require_POST
def title(request: UserRequest, job_id: UUID) -> HttpResponse:
    """Rename the song of the job, and thereby all results of it."""
    job = visible_job(request, job_id)
    try:
        rename(owner=request.user, source=job.source, title=request.POST.get("title", ""))
    except SeparationError as error:
        messages.error(request, translated(error.detail))
    # The library's form says where it stands, that of the result's page does not.
    has_place = "back" in request.POST
    return redirect(way_back(request) if has_place else reverse("jobs:detail", args=[job.pk]))


@login_required
@require_POST
def whole(request: UserRequest, job_id: UUID) -> HttpResponse:
    """Separate the whole song, in addition to a job for a part of it."""
    preset = request.POST.get("preset", "fast")
    return _redirect_to_new(
        request, job_id, lambda job: separate_whole_song(job=job, preset=preset)
    )


@login_required
@require_POST
def anew(request: UserRequest, job_id: UUID) -> HttpResponse:
    """Separate the song again with the same options, as a new job, where files are damaged."""
    return _redirect_to_new(request, job_id, lambda job: repeat_separation(job=job))


def _redirect_to_new(
    request: UserRequest, job_id: UUID, create: Callable[[Job], Job]
) -> HttpResponse:
    job = visible_job(request, job_id)
    try:
        new_job = create(job)
    except SeparationError as error:
        messages.error(request, translated(error.detail))
        new_job = job
    return redirect("jobs:detail", new_job.pk)


def _back_to_job(request: UserRequest, job: Job, act: Callable[[], Job]) -> HttpResponse:
    """Do the action and show the job again, with the reason if it was refused."""
    try:
        act()
    except SeparationError as error:
        messages.error(request, translated(error.detail))
    return redirect("jobs:detail", job.pk)


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: UserRequest, job_id: UUID) -> HttpResponse:
    job = visible_job(request, job_id)
    if request.method != "POST":
        return render(request, "jobs/delete.html", {"job": job})
    name = job.source.label
    try:
        delete_job(job=job)
    except SeparationError as error:
        messages.error(request, translated(error.detail))
        return redirect("jobs:detail", job.pk)
    messages.success(request, _("%(song)s and its tracks are deleted.") % {"song": name})
    return redirect("jobs:history")


def _active(request: UserRequest, job: Job) -> dict[str, object]:
    progress = _progress(request, job)
    player = {"lanes": mixer.lanes(job, []), "has_cover": _shows_cover(job)}
    original = {"original_type": media_type_of(job.source)}
    return {**progress, **mixer.addresses(job), **player, **original}


def _shows_cover(job: Job) -> bool:
    """The page shows the cover only while the job can be played."""
    return has_cover(job) and is_playable(job)


def _progress(request: UserRequest, job: Job) -> dict[str, object]:
    # The timeline and `is_playable` read the stages.
    prefetch_related_objects([job], "stages")
    place = waiting(job)
    words = place.sentence(for_staff=request.user.is_staff) if place else ""
    levels = outline.outline_of(job.stages.all())
    return {
        "job": job,
        "hides_reason": _hides_reason(request, job),
        "stages": job.stages.all(),
        "stencil": outline.stencil(levels),
        "stencil_width": outline.width(levels),
        "place": place,
        "place_words": words,
        "remarks": remarks(job),
        "is_playable": is_playable(job),
    }


def _hides_reason(request: UserRequest, job: Job) -> bool:
    """Whether the list of stages leaves out why one failed."""
    failed = any(results.is_for_operator(stage.error_code) for stage in job.stages.all())
    return failed and not request.user.is_staff
