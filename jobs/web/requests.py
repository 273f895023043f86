"""The request of a person who is logged in, and the rows that this person may see."""

from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django_htmx.middleware import HtmxDetails

from jobs.http.errors import AudioDeleted
from jobs.models import Batch, Job

LOGGED_OUT = _("You are logged out. Log in again, then send the file once more.")
EXPIRED = _("The form has expired. Load the page again and send it once more.")


class UserRequest(HttpRequest):
    user: User
    htmx: HtmxDetails


def wants_json(request: HttpRequest) -> bool:
    """True for the page's own script, which accepts JSON; a browser's form accepts HTML."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's answer to a missing or stale CSRF token; ``reason`` is for the log only."""
    if wants_json(request):
        return JsonResponse({"code": "permission_denied", "detail": str(EXPIRED)}, status=403)
    return render(request, "403_csrf.html", status=403)


def too_many_requests(request: HttpRequest, wait_s: int) -> HttpResponse:
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = str(wait_s)
    return response


def visible_job(request: UserRequest, job_id: UUID) -> Job:
    """The person's own job with its source. Raises ``Http404`` for anybody else's."""
    jobs = Job.objects.visible_to(request.user).select_related("source", "batch", "verification")
    return get_object_or_404(jobs, pk=job_id)


def audio_deleted(request: UserRequest, error: AudioDeleted, job: Job) -> HttpResponse:
    """The page for deleted audio: why it was deleted, and a link to the job."""
    return render(request, "410.html", {"detail": error.detail, "job": job}, status=410)


def visible_batch(request: UserRequest, batch_id: UUID) -> Batch:
    """The person's own batch. Raises ``Http404`` for anybody else's."""
    batches = Batch.objects.visible_to(request.user).select_related("owner")
    return get_object_or_404(batches, pk=batch_id)
