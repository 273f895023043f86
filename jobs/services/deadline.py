"""How long an attempt may take, and the word of warning where it will take long."""

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from jobs.models import Job
from jobs.services.progress import about
from jobs.services.speed import Expected, Speeds, Work, measured_s
from separation.catalogue import models_for
from separation.registry import SeparatorFactory

if TYPE_CHECKING:
    from jobs.queue.lease import Lease

PROCESSOR = "Runs on the processor"
"""How the warning begins: by this an earlier attempt's is found and replaced."""

BELIEVED = 1.1
"""How much longer than believed a song may be without its limit being set again."""

NVIDIA_DEVICE = Path("/dev/nvidiactl")
"""There where the driver of a card is loaded. Asking CUDA itself would load torch."""


def set_deadline(job: Job, lease: "Lease", *, device: str | None = None) -> Expected:
    """Write what this attempt should take and after how long it is given up; raises ``LeaseLost``.

    Call it when an attempt starts, and again when it goes on elsewhere. ``device``: what will
    separate the song (``cpu``, ``cuda``, ``remote``), where that is settled.
    """
    device = device or likely_device(job)
    host = socket.gethostname()
    expected = Speeds.load().expect(Work.of_job(job), hosts=(host,), device=device)
    job.expected_s = round(expected.seconds, 1)
    job.deadline_s = limit_s(expected.seconds)
    job.warnings = [text for text in job.warnings if not text.startswith(PROCESSOR)]
    if device == "cpu" and has_networks(job):
        job.warnings.append(_on_processor(job, expected))
    lease.write(expected_s=job.expected_s, deadline_s=job.deadline_s, warnings=job.warnings)
    return expected


def measured_anew(job: Job, manifest: dict[str, Any]) -> bool:
    """Remember the length that decoding found; true where it is much more than was believed.

    Then the limit is to be set again: a header may promise a song of seconds.
    """
    believed_s = measured_s(job)
    job.manifest = manifest
    return measured_s(job) > BELIEVED * believed_s


def limit_s(expected_s: float) -> float:
    """Between the floor and the limit of all jobs."""
    wanted = max(expected_s * settings.DEADLINE_FACTOR, float(settings.DEADLINE_FLOOR_S))
    return min(wanted, float(settings.MAX_JOB_S))


def likely_device(job: Job) -> str:
    """What will separate the song on this host, as far as that can be told beforehand."""
    asked = str(job.request.get("device") or "auto")
    if asked != "auto":
        return asked
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return "cuda" if NVIDIA_DEVICE.exists() and not hidden else "cpu"


def has_networks(job: Job) -> bool:
    """Is the song separated by a network, which takes long without a card?"""
    if not any(stage["name"] == "separation" for stage in job.pipeline):
        return False
    name, model = job.separator, job.model_name
    if name == "auto":
        # It runs a network where the weights of one are here, and masks where they are not.
        name = "demucs"
        options = {"model": model or None, "model_dir": settings.MODEL_DIR, "offline": True}
        if not SeparatorFactory.validate(name, **options):
            return False
    # Only networks have weights to fetch.
    known = [row for row in models_for(name) if row.name == model] or models_for(name)[:1]
    return any(row.download_bytes for row in known)


def _on_processor(job: Job, expected: Expected) -> str:
    time = f"{'about' if expected.learned else 'up to'} {about(expected.seconds)}"
    if job.request.get("device") == "cpu":
        return f"{PROCESSOR}, as was chosen; {time} expected."
    return (
        f"{PROCESSOR}, as no graphics card can take it; {time} expected. The spectral masks are "
        "much faster, and less exact."
    )


def too_slow(job: Job) -> str:
    """Why the attempt was given up, for the person who waited for it."""
    took = about(job.deadline_s or settings.MAX_JOB_S)
    advice = "Run it again later, choose a faster separator or a shorter song, or ask whoever "
    if job.expected_s and job.deadline_s and job.deadline_s < settings.MAX_JOB_S:
        song = about(measured_s(job))
        return (
            f"The job ran for more than {took} and was stopped: a song of {song} should take "
            f"{about(job.expected_s)} here. {advice}runs this server to look at its load."
        )
    return (
        f"The job ran for more than {took} and was stopped, which is the limit here. {advice}"
        "runs this server to raise it."
    )
