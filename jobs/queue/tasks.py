"""What django-q2 calls; the only names that lie in its tickets."""

import os
import socket

from jobs.queue import drain
from jobs.queue.claim import claim_next
from jobs.queue.execute import execute
from jobs.queue.tickets import top_up


def run_next(lane: str) -> str:
    """Run whatever is to run next, if anything is; safe to call at any time, any number of times.

    Returns a word for the log of tickets.
    """
    if drain.requested():
        return "stopping"
    job = claim_next(worker=f"{socket.gethostname()}:{os.getpid()}")
    if job is None:
        return "nothing waits"
    execute(job)
    if not drain.requested():
        top_up()
    return str(job.pk)
