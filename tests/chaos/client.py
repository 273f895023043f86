"""Stands in for the web server of a site under attack: one call a line of JSON, one answer a line.

A process of its own, as the tests' process is bound to the database of the tests.
"""

import json
import sys
from typing import Any


def set_up() -> None:
    from tests.chaos.moves import install
    from tests.ready_site import migrate_if_empty

    migrate_if_empty()
    install()


def add_song(seconds: float, seed: int) -> str:
    from jobs.services.job.create import receive_source
    from tests.factories import make_user, wav_bytes

    chunks = [wav_bytes(seconds, seed=seed)]
    source = receive_source(owner=make_user(password=None), name=f"Song {seed}.wav", chunks=chunks)
    return str(source.pk)


def create(song: str, **choices: Any) -> str:
    from jobs.models import Source
    from jobs.services.job.create import create_job
    from separation.request.separation_request import SeparationRequest

    source = Source.objects.get(pk=song)
    request = SeparationRequest(format="wav16", stages=("separation",), **choices)
    return str(create_job(owner=source.owner, source=source, request=request).pk)


def retry(job: str) -> None:
    from jobs.models import Job
    from jobs.services.job.retry import retry_job
    from tests.chaos.moves import forget_life_before

    retry_job(job=Job.objects.get(pk=job))
    forget_life_before(job)


def look() -> list[dict[str, Any]]:
    """Every job, oldest first."""
    from jobs.models import Job

    return [
        {
            "id": str(job.pk),
            "status": job.status,
            "attempt": job.attempt,
            "error": job.error_code,
            "detail": job.error_detail,
            "stage": job.progress_stage,
            "percent": job.progress_percent,
            "worker": job.worker,
        }
        for job in Job.objects.order_by("created_at")
    ]


def moves() -> list[dict[str, Any]]:
    from tests.chaos.moves import all_moves

    return all_moves()


def faults() -> list[str]:
    from tests.chaos.audit import find_faults

    return find_faults()


def claim_all(worker: str, start_at: float) -> list[str]:
    """Claim whatever can be claimed, as fast as possible, from a moment that others share."""
    import time

    from jobs.queue.claim import claim_next

    while time.time() < start_at:
        pass
    claimed = []
    while (job := claim_next(worker=worker)) is not None:
        claimed.append(str(job.pk))
    return claimed


def serve() -> None:
    import django
    from django.db import DatabaseError, connections

    django.setup()
    known = (set_up, add_song, create, retry, look, moves, faults, claim_all)
    calls: dict[str, Any] = {function.__name__: function for function in known}
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = {"done": calls[name](**arguments)}
        except DatabaseError as error:
            connections.close_all()
            answer = {"away": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
