"""The deadline of an attempt, and the warning where the attempt will take long."""

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
"""The beginning of the warning, by which an earlier attempt's warning is found and replaced."""

LENGTH_TOLERANCE = 1.1
"""How many times the known length the decoded length may be before the deadline is set again."""


def set_deadline(job: Job, lease: "Lease") -> Expected:
    """Write the expected time of this attempt and its deadline; raises ``LeaseLost``.

    The expected time is the time on the first device that may run the job. The deadline allows for
    the slowest device: when a card turns out to be full, the processor must have enough time.
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


def note_decoded_length(job: Job, manifest: dict[str, Any]) -> bool:
    """Keep the manifest with the decoded length; returns whether it is much longer than the known
    length, so that the deadline must be set again. The header of a long song may state seconds."""
    known_s = measured_s(job)
    job.manifest = manifest
    return measured_s(job) > LENGTH_TOLERANCE * known_s


def limit_s(expected_s: float) -> float:
    """The deadline for an expected time, between the floor and the limit of all jobs."""
    limit = max(expected_s * settings.DEADLINE_FACTOR, float(settings.DEADLINE_FLOOR_S))
    return round(min(limit, float(settings.MAX_JOB_S)), 1)


def _on_processor(job: Job, expected: Expected) -> str:
    time = f"{'about' if expected.learned else 'up to'} {about(expected.seconds)}"
    if job.request.get("device") == "cpu":
        return f"{PROCESSOR}, as was chosen; {time} expected."
    return (
        f"{PROCESSOR}, as no graphics card can take it; {time} expected. The spectral masks are "
        "much faster, and less exact."
    )


def too_slow(job: Job) -> str:
    """Why the attempt was stopped, for the owner of the job."""
    took = about(job.deadline_s or settings.MAX_JOB_S)
    if job.expected_s and job.deadline_s and job.deadline_s < settings.MAX_JOB_S:
        song = about(measured_s(job))
        return (
            f"The job ran for more than {took} and was stopped: a song of {song} should take "
            f"{about(job.expected_s)} here. Run it again later, choose a faster separator or a "
            "shorter song, or ask whoever runs this server to look at its load."
        )
    return (
        f"The job ran for more than {took} and was stopped, which is the limit here. Run it again "
        "later, choose a faster separator or a shorter song, or ask whoever runs this server to "
        "raise it."
    )
