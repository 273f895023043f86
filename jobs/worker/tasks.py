"""What django-q2 calls; the only names that lie in its tickets."""

import signal
import uuid

from jobs.models import Job
from jobs.queue import drain, heartbeats, worker_table
from jobs.queue.claim import claim_next
from jobs.queue.liveness import proof_of_life
from jobs.queue.tickets import top_up
from jobs.worker.execute import execute


def run_next(lane: str) -> str:
    """Run whatever is to run next, if anything is; safe to call at any time, any number of times.

    ``lane`` is why the ticket was put, not what will run: that is decided by the table, now.
    Returns a word for the log of tickets.
    """
    token = uuid.uuid4()
    with worker_table.working(token), proof_of_life(token):
        job = (
            None if drain.requested() else claim_next(worker=heartbeats.worker_name(), token=token)
        )
        if job is not None:
            _run(job)
    if job is None:
        return "stopping" if drain.requested() else "nothing waits"
    # Only now may it look free: until here it was at work, and holds no lock of the queue.
    heartbeats.working_on(None)
    return str(job.pk)


def _run(job: Job) -> None:
    heartbeats.working_on(job)
    try:
        execute(job)
    except SystemExit:
        # django-q2's limit: it now ends this process by the signal that else ends them all.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise
    finally:
        heartbeats.found_device(job)
    if not drain.requested():
        top_up()
