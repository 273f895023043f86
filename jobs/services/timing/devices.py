"""What may separate a job's song, as far as that can be told before it runs."""

import os
from pathlib import Path

from django.conf import settings

from jobs.models import Job
from jobs.services.separators import Run, runs_of_pipeline
from separation.errors import SeparationError
from separation.registry import SeparatorFactory

NVIDIA_DEVICE = Path("/dev/nvidiactl")
"""There where the driver of a card is loaded. Asking CUDA itself would load torch."""

ROUTE_DEVICES = {"local_gpu": "cuda", "remote": "remote", "local_cpu": "cpu"}


def likely_devices(job: Job) -> tuple[str, ...]:
    """In the order in which they are tried on this host; never empty.

    The runner decides when it gets there: a card may be full, a service away.
    """
    asked = str(job.request.get("device") or "auto")
    if asked == "cpu" or not has_networks(job):
        return ("cpu",)
    if job.separator == "remote":
        return ("remote",)
    routes = ("local_gpu", "local_cpu") if asked == "cuda" else tuple(settings.ROUTES)
    found = [ROUTE_DEVICES[route] for route in routes if _is_open(route, job)]
    return tuple(found) or ("cpu",)


def _is_open(route: str, job: Job) -> bool:
    if route == "local_gpu":
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
        return NVIDIA_DEVICE.exists() and not hidden
    if route == "remote":
        return bool(settings.REMOTE_URL) and job.request.get("allow_remote") is not False
    return True


def has_networks(job: Job) -> bool:
    """Is the song separated by a network, which takes long without a card?"""
    return any(_is_network(run) for run in runs_of_pipeline(job.pipeline))


def _is_network(run: Run) -> bool:
    if run.separator != "auto":
        return _is_made_of_networks(run.separator)
    if settings.REMOTE_URL:
        return True
    # It runs a network where the weights of one are here, and masks where they are not.
    options = {
        "model": run.model or None,
        "model_dir": settings.MODEL_DIR,
        "model_paths": tuple(settings.MODEL_PATHS),
        "offline": True,
    }
    return bool(SeparatorFactory.validate("demucs", **options))


def _is_made_of_networks(name: str) -> bool:
    if name == "remote":
        return True
    try:
        return SeparatorFactory.separator_class(name).is_routed
    except SeparationError:
        # A plug-in that only the runner can import: the job will tell what is wrong with it.
        return False
