"""The devices that may run a job, as far as they are known before it runs."""

import os
from pathlib import Path

from django.conf import settings

from jobs.models import Job
from jobs.services.site_models.available import is_there, known_models, licence_rule
from separation.catalogue.licences import AUTO_ORDER
from separation.errors import SeparationError
from separation.registry import SeparatorFactory
from separation.request.runs import Run, runs_of_pipeline

NVIDIA_DEVICE = Path("/dev/nvidiactl")
"""The file exists where the driver of a card is loaded. A query to CUDA itself would load torch."""

PREFERRED = AUTO_ORDER[0]
QUICK = ("standard", "spleeter")
"""Networks that separate a song within seconds on a processor (docs/performance.md)."""

ROUTE_DEVICES = {"local_gpu": "cuda", "remote": "remote", "local_cpu": "cpu"}


def likely_devices(job: Job) -> tuple[str, ...]:
    """The devices in the order in which they are tried on this host; never empty.

    The runner makes the final decision, as a card may be full or a service unavailable.
    """
    requested = str(job.request.get("device") or "auto")
    if requested == "cpu" or not has_networks(job):
        return ("cpu",)
    if job.separator == "remote":
        return ("remote",)
    routes = ("local_gpu", "local_cpu") if requested == "cuda" else tuple(settings.ROUTES)
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
    """Whether a network separates the song, so that a card is useful."""
    return any(_is_network(run) for run in runs_of_pipeline(job.pipeline))


def has_slow_networks(job: Job) -> bool:
    """Whether one of the job's networks is slow without a card."""
    return any(
        _is_network(run) and _separator_of(run) not in QUICK
        for run in runs_of_pipeline(job.pipeline)
    )


def _is_network(run: Run) -> bool:
    if run.separator == "auto" and settings.REMOTE_URL:
        return True
    return _is_made_of_networks(_separator_of(run))


def _separator_of(run: Run) -> str:
    """The separator of a run. For ``auto`` it is the first candidate that is installed, else the
    first candidate."""
    if run.separator != "auto":
        return run.separator
    if run.model:
        owners = {model.name: str(model.separator) for model in known_models()}
        return owners.get(run.model, PREFERRED)
    rule = licence_rule()
    stems = {*(run.params.get("stems") or ()), *filter(None, [run.params.get("two_stems")])}
    models = rule.automatic(stems) or rule.automatic()[:1]
    candidates = [(str(model.separator), model.name) for model in models] or [("auto", "")]
    return next((name for name, model in candidates if is_there(name, model)), candidates[0][0])


def _is_made_of_networks(name: str) -> bool:
    if name == "remote":
        return True
    try:
        return SeparatorFactory.separator_class(name).is_routed
    except SeparationError:
        # Only the runner can import this plug-in. The job reports what is wrong with it.
        return False
