"""How long an attempt may take, and the word of warning where it will take long."""

import socket
from typing import TYPE_CHECKING, Any

from django.conf import settings

from jobs.models import Job
from jobs.services.timing.devices import has_slow_networks, likely_devices
from jobs.services.timing.progress import about
from jobs.services.timing.speed import Expected, Speeds, Work, measured_s

if TYPE_CHECKING:
    from jobs.queue.lease import Lease

PROCESSOR = "Runs on the processor"
"""How the warning begins: by this an earlier attempt's is found and replaced."""

BELIEVED = 1.1
"""How much longer than believed a song may be without its limit being set again."""


def set_deadline(job: Job, lease: "Lease") -> Expected:
    """Write what this attempt should take and after how long it is given up; raises ``LeaseLost``.

    Expected is what the first device takes that may do it. The limit allows for the slowest: a
    card that turns out to be full must not cost the song the time that a processor needs.
    """
    speeds, work = Speeds.load(), Work.of_job(job)
    devices, hosts = likely_devices(job), (socket.gethostname(),)
    expected = [speeds.expect(work, hosts=hosts, device=device) for device in devices]
    job.expected_s = round(expected[0].seconds, 1)
    job.deadline_s = limit_s(max(each.seconds for each in expected))
    job.warnings = [text for text in job.warnings if not text.startswith(PROCESSOR)]
    if devices[0] == "cpu" and has_slow_networks(job):
        job.warnings.append(_on_processor(job, expected[0]))
    lease.write(expected_s=job.expected_s, deadline_s=job.deadline_s, warnings=job.warnings)
    return expected[0]


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
    return round(min(wanted, float(settings.MAX_JOB_S)), 1)


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
