"""A worker that runs into a database that is away for a moment."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue import execute as module
from jobs.queue.execute import execute, job_spec
from jobs.queue.lease import Lease
from tests.factories import make_job, make_user

pytestmark = pytest.mark.django_db(transaction=True)


class Away:
    """Refuses the first ``times`` updates, as a database that restarts does."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self, run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if self.left and sql.startswith("UPDATE"):
            self.left -= 1
            raise OperationalError("database is away")
        return run(sql, *rest)


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setattr(module, "DATABASE_PAUSES_S", (0.01, 0.01))
    make_user("owner")
    return make_job(status=JobStatus.PROCESSING, attempt=1)


@pytest.mark.parametrize(("times", "status"), [(1, "pending"), (2, "pending"), (3, "processing")])
def test_the_attempt_is_given_up_as_soon_as_the_database_is_back(
    job: Job, times: int, status: str
) -> None:
    with connection.execute_wrapper(Away(times)), pytest.raises(OperationalError):
        execute(job)
    job.refresh_from_db()
    # Three are more than it tries: the lease will run out.
    assert job.status == status


def test_a_lease_that_went_meanwhile_is_no_second_fault(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(status=JobStatus.PENDING, lease_token=None)
    with connection.execute_wrapper(Away(1)), pytest.raises(OperationalError):
        execute(job)
    job.refresh_from_db()
    assert (job.status, job.attempt, job.not_before) == ("pending", 1, None)


def test_a_runner_is_told_which_job_a_version_replaces() -> None:
    older = make_job(status=JobStatus.COMPLETED)
    newer = make_job(status=JobStatus.PROCESSING, source=older.source, replaces=older)
    assert job_spec(newer, Lease(newer)).replaces == str(older.pk)
    alone = make_job(status=JobStatus.PROCESSING)
    assert job_spec(alone, Lease(alone)).replaces is None
