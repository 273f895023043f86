"""Runs one claimed job in the runner of this process."""

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
"""Back-off between tries to record a failure. A database that restarts is back within seconds,
long before a lease expires."""

_log = logging.getLogger("jobs.worker")


def execute(job: Job) -> None:
    """Work on ``job`` until it has ended, or until this worker has lost the lease."""
    lease = Lease(job)
    _log.info("job %s: attempt %s of %s", job.pk, job.attempt, job.max_attempts)
    try:
        Attempt(job, lease).run()
    except LeaseLost:
        # The folder stays, as it belongs to the worker that holds the job now. That worker can
        # use it, as stages are idempotent.
        discard_runner()
        _log.warning("job %s: the lease is lost, what was made is not recorded", job.pk)
    except (Exception, SystemExit):
        # django-q2 raises SystemExit in a task that takes too long.
        discard_runner()
        _log.exception("job %s: the worker failed", job.pk)
        _record_failure(lease)
        raise
    if not drain.requested():
        replace_spent_runner()


def _record_failure(lease: Lease) -> None:
    """Record that the attempt failed. The database itself may have failed; when it stays
    unavailable, the lease expires instead."""
    for pause_s in DATABASE_PAUSES_S:
        try:
            outcome.attempt_failed(lease, WorkerLost(LOST))
        except LeaseLost:
            return
        except DatabaseError:
            _log.warning("job %s: the failure is not recorded", lease.job_id, exc_info=True)
            time.sleep(pause_s)
            close_old_connections()
        else:
            return
