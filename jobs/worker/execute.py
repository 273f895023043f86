"""Runs one claimed job in this process's runner, from claim to end."""

import logging
import time

from django.db import DatabaseError, close_old_connections

from jobs.models import Job
from jobs.queue import drain
from jobs.queue.lease import Lease, LeaseLost
from jobs.worker import outcome
from jobs.worker.attempt import LOST, Attempt
from jobs.worker.runners import discard_runner, replace_spent_runner
from separation.errors import WorkerLost

DATABASE_PAUSES_S = (1.0, 3.0, 9.0)
"""A database that restarts is back within seconds, much sooner than a lease runs out."""

_log = logging.getLogger("jobs.worker")


def execute(job: Job) -> None:
    """Work on ``job`` until it has an end, or somebody else holds it."""
    lease = Lease(job)
    _log.info("job %s: attempt %s of %s", job.pk, job.attempt, job.max_attempts)
    try:
        Attempt(job, lease).run()
    except LeaseLost:
        # The folder stays: it belongs to whoever holds the job now, as stages are idempotent.
        discard_runner()
        _log.warning("job %s: the lease is lost, what was made is not recorded", job.pk)
    except (Exception, SystemExit):
        # The latter is how django-q2 ends what takes too long.
        discard_runner()
        _log.exception("job %s: the worker failed", job.pk)
        _say_failed(lease)
        raise
    if not drain.requested():
        replace_spent_runner()


def _say_failed(lease: Lease) -> None:
    """The database itself may be what failed; when it stays away, the lease runs out."""
    for pause_s in DATABASE_PAUSES_S:
        try:
            outcome.attempt_failed(lease, WorkerLost(LOST))
        except LeaseLost:
            return
        except DatabaseError:
            _log.warning("job %s: the database cannot be told", lease.job_id, exc_info=True)
            time.sleep(pause_s)
            close_old_connections()
        else:
            return
