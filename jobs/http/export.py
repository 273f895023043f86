"""The export of an account as a response."""

from typing import TYPE_CHECKING

from django.http import HttpRequest, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone

from jobs.models import Job
from jobs.services.account.export import export_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def export_response(request: HttpRequest, owner: "User") -> StreamingHttpResponse:
    """The export is made while it is sent; its length is not known before."""

    def link_to(job: Job, track: str) -> str:
        return request.build_absolute_uri(reverse("api:download", args=[job.pk, track]))

    name = f"stemsite-{timezone.localdate():%Y-%m-%d}.json"
    return StreamingHttpResponse(
        export_of(owner, link_to=link_to),
        content_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
