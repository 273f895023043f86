"""The owner downloads a mix: karaoke from a plain form, any other mix from the mixer's script."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from jobs.http.errors import AudioDeleted
from jobs.http.mixing import mix_response
from jobs.http.status import status_of
from jobs.http.throttles import MixThrottle
from jobs.web.requests import UserRequest, audio_deleted, visible_job
from separation.errors import InvalidOptions, SeparationError
from separation.mixdown.request import MixRequest, parse_mix
from separation.options import FORMAT


@login_required
@require_POST
def mix(request: UserRequest, job_id: UUID) -> HttpResponseBase:
    """The mix as a file, or the job's page with the reason of a refusal."""
    job = visible_job(request, job_id)
    try:
        mix_request = _requested_mix(request.POST)
        if minutes := MixThrottle().wait_before(request):
            messages.error(
                request, f"You have made many mixes in a short time. Try again in {minutes} min."
            )
            return redirect("jobs:detail", job.pk)
        return mix_response(job, mix_request)
    except AudioDeleted as error:
        return audio_deleted(request, error, job)
    except SeparationError as error:
        if status_of(error) == 404:
            raise Http404(error.detail) from error
        messages.error(request, error.detail)
        return redirect("jobs:detail", job.pk)


def _requested_mix(form: QueryDict) -> MixRequest:
    """The mix that the form names: by the button ``karaoke``, or by the JSON in ``mix``, which the
    page's script writes."""
    choices: Any
    if "karaoke" in form:
        choices = {"karaoke": form["karaoke"]}
    else:
        try:
            choices = json.loads(form.get("mix", ""))
        except (ValueError, RecursionError):
            choices = None
    if not isinstance(choices, dict):
        raise InvalidOptions("The form did not say which mix is wanted. Load the page again.")
    return parse_mix({**choices, "format": form.get("format", FORMAT.default)})
