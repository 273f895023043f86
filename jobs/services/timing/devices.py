"""What may separate a job's song, as far as that can be told before it runs."""

import os
from pathlib import Path

from django.conf import settings

from jobs.models import Job
from jobs.services.separators import Run, runs_of_pipeline
from jobs.services.site_models.offered import is_there, known_models, licence_rule
from separation.catalogue.licences import AUTO_ORDER
from separation.errors import SeparationError
from separation.registry import SeparatorFactory

NVIDIA_DEVICE = Path("/dev/nvidiactl")
"""There where the driver of a card is loaded. Asking CUDA itself would load torch."""

PREFERRED = AUTO_ORDER[0]
QUICK = ("standard", "spleeter")
"""Networks for which a processor is enough: a song takes seconds (docs/performance.md)."""

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
    """Is the song separated by a network, which a card is there for?"""
    return any(_is_network(run) for run in runs_of_pipeline(job.pipeline))


def has_slow_networks(job: Job) -> bool:
    """Is one of them such that it takes long without a card?"""
    return any(
        _is_network(run) and _separator_of(run) not in QUICK
        for run in runs_of_pipeline(job.pipeline)
    )


def _is_network(run: Run) -> bool:
    if run.separator == "auto" and settings.REMOTE_URL:
        return True
    return _is_made_of_networks(_separator_of(run))


def _separator_of(run: Run) -> str:
    """What ``auto`` will run: the first of its choices that is here, else the first of all."""
    if run.separator != "auto":
        return run.separator
    if run.model:
        owners = {model.name: str(model.separator) for model in known_models()}
        return owners.get(run.model, PREFERRED)
    rule = licence_rule()
    asked = {*(run.params.get("stems") or ()), *filter(None, [run.params.get("two_stems")])}
    tried = rule.automatic(asked) or rule.automatic()[:1]
    choices = [(str(model.separator), model.name) for model in tried] or [("auto", "")]
    return next((name for name, model in choices if is_there(name, model)), choices[0][0])


def _is_made_of_networks(name: str) -> bool:
    if name == "remote":
        return True
    try:
        return SeparatorFactory.separator_class(name).is_routed
    except SeparationError:
        # A plug-in that only the runner can import: the job will tell what is wrong with it.
        return False
