"""What a view knows of its request once ``login_required`` has passed it."""

from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django_htmx.middleware import HtmxDetails

from jobs.models import Job


class UserRequest(HttpRequest):
    user: User
    htmx: HtmxDetails


def wants_json(request: HttpRequest) -> bool:
    """True for the page's own script, which asks for JSON; a browser's form asks for HTML."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def visible_job(request: UserRequest, job_id: UUID) -> Job:
    """The person's own job with its source. Raises ``Http404`` for anybody else's."""
    jobs = Job.objects.visible_to(request.user).select_related("source")
    return get_object_or_404(jobs, pk=job_id)
