"""The button that separates the project's demonstration song."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from jobs.services.demo import start_demo
from jobs.web.requests import UserRequest
from separation.errors import SeparationError


@login_required
@require_POST
def start(request: UserRequest) -> HttpResponse:
    try:
        job = start_demo(owner=request.user)
    except SeparationError as error:
        messages.error(request, error.detail)
        return redirect("jobs:upload")
    return redirect("jobs:detail", job.pk)
