"""The task that django-q2 calls. Tickets contain its name, so it must not be renamed."""

import signal
import uuid

from jobs.models import Job
from jobs.queue import drain, heartbeats, worker_table
from jobs.queue.claim import claim_next
from jobs.queue.liveness import liveness_lock
from jobs.queue.tickets import top_up
from jobs.worker.execute import execute


def run_next(lane: str) -> str:
    """Claim and run the next job, if there is one; safe to call at any time, any number of times.

    ``lane`` is the lane for which the ticket was added. It does not decide which job runs; the
    order of the waiting jobs does. Returns a word for the log of tickets.
    """
    token = uuid.uuid4()
    with worker_table.working(token), liveness_lock(token):
        job = (
            None if drain.requested() else claim_next(worker=heartbeats.worker_name(), token=token)
        )
        if job is not None:
            _run(job)
    if job is None:
        return "stopping" if drain.requested() else "nothing waits"
    # The worker counts as free only here, after it has released the table and the lock.
    heartbeats.record_job(None)
    return str(job.pk)


def _run(job: Job) -> None:
    heartbeats.record_job(job)
    try:
        execute(job)
    except SystemExit:
        # django-q2's time limit. It ends this process by SIGTERM, which otherwise requests
        # draining of the whole cluster.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise
    finally:
        heartbeats.record_device(job)
    if not drain.requested():
        top_up()
