from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from jobs.models import Job, Worker
from jobs.models.job import JobStatus
from jobs.queue import drain
from jobs.queue.health import QueueHealth, queue_health
from jobs.queue.lanes import ALL, WorkerAssignment, take_assignment
from jobs.queue.tickets import put_ticket, tickets_waiting, top_up
from jobs.worker.reaper import Housekeeping
from jobs.worker.tasks import run_next
from tests.factories import make_job, make_source


@pytest.fixture
def post() -> Iterator[Callable[[WorkerAssignment], None]]:
    yield take_assignment
    take_assignment(None)


@pytest.fixture
def draining() -> Iterator[None]:
    drain.request()
    yield
    drain.clear()


def test_missing_tickets_are_put_but_no_more_than_workers(owner: User, settings: Settings) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "workers": 2}
    for _ in range(3):
        make_job()
    put_ticket("interactive")
    assert top_up() == 1
    assert tickets_waiting() == 2
    assert top_up() == 0


def test_no_ticket_is_put_for_what_cannot_run_yet(owner: User) -> None:
    make_job(not_before=timezone.now() + timedelta(seconds=60))
    make_job(status=JobStatus.PROCESSING)
    assert top_up() == 0


def test_a_ticket_that_a_worker_holds_does_not_count(owner: User) -> None:
    make_job()
    put_ticket("interactive")
    OrmQ.objects.update(lock=timezone.now() + timedelta(hours=1))
    assert top_up() == 1


def test_a_ticket_without_a_job_does_nothing(db: None) -> None:
    assert run_next("interactive") == "nothing waits"


def test_a_draining_worker_takes_no_job(owner: User, draining: None) -> None:
    job = make_job()
    assert run_next("interactive") == "stopping"
    job.refresh_from_db()
    assert (job.status, job.attempt) == (JobStatus.PENDING, 0)


def test_a_job_whose_song_is_gone_fails_by_name_and_the_next_gets_a_ticket(owner: User) -> None:
    job = make_job(source=make_source(content=b""), priority=1)
    make_job()
    run_next("interactive")
    job.refresh_from_db()
    assert (job.status, job.error_code) == (JobStatus.FAILED, "source_missing")
    assert tickets_waiting() == 1


def make_worker(cluster: str = "stemsite", lanes: tuple[str, ...] = ALL, **fields: Any) -> Worker:
    fields = {"seen_at": timezone.now(), "host": "far", "pid": 7, **fields}
    name = f"far:{Worker.objects.count()}"
    return Worker.objects.create(name=name, cluster=cluster, lanes=list(lanes), **fields)


def queues() -> dict[str, int]:
    return dict(Counter(OrmQ.objects.values_list("key", flat=True)))


def test_a_new_job_calls_the_workers_of_every_cluster_that_serves_its_lane(db: None) -> None:
    make_worker()
    make_worker("gpu")
    make_worker("gpu", ("interactive",))
    make_worker("gpu", ("backfill",))
    put_ticket("interactive")
    assert queues() == {"stemsite": 1, "gpu": 1, "gpu:interactive": 1}


def test_no_ticket_goes_where_nobody_is_but_one_waits_for_the_first_worker(db: None) -> None:
    make_worker("gpu", seen_at=timezone.now() - timedelta(hours=1))
    put_ticket("interactive")
    put_ticket("interactive")
    assert queues() == {"stemsite": 1}


def test_as_many_tickets_wait_as_there_are_workers_on_all_hosts(db: None) -> None:
    for _ in range(2):
        make_worker("gpu")
    for _ in range(200):
        put_ticket("backfill")
    assert queues() == {"gpu": 2}


def test_each_cluster_tops_up_its_own_queue_for_its_own_lanes(
    owner: User, post: Callable[[WorkerAssignment], None]
) -> None:
    make_job(lane="backfill")
    post(WorkerAssignment("gpu", ("interactive",)))
    assert top_up() == 0
    post(WorkerAssignment("gpu", ("backfill",)))
    assert top_up() == 1
    post(WorkerAssignment("stemsite", ALL))
    assert top_up() == 1
    assert queues() == {"gpu:backfill": 1, "stemsite": 1}


def test_a_ticket_runs_only_what_its_worker_may_take(
    owner: User, post: Callable[[WorkerAssignment], None]
) -> None:
    job = make_job(lane="backfill", source=make_source(content=b""))
    post(WorkerAssignment("stemsite", ("interactive",)))
    assert run_next("backfill") == "nothing waits"
    post(WorkerAssignment("gpu", ("backfill",)))
    assert run_next("interactive") == str(job.pk)


def test_no_ticket_is_put_for_the_jobs_of_an_owner_at_the_cap(
    owner: User, settings: Settings
) -> None:
    settings.MAX_RUNNING_JOBS = 1
    make_job(status=JobStatus.PROCESSING)
    make_job()
    assert top_up() == 0


@pytest.mark.django_db(transaction=True)
def test_housekeeping_reaps_and_tops_up_at_the_first_turn(owner: User) -> None:
    make_job(status=JobStatus.PROCESSING, lease_until=timezone.now() - timedelta(seconds=1))
    make_job()
    Housekeeping().turn()
    assert not Job.objects.filter(status=JobStatus.PROCESSING).exists()
    assert tickets_waiting() == 1


def test_health_counts_what_waits_and_for_how_long(owner: User) -> None:
    waiting = make_job()
    Job.objects.filter(pk=waiting.pk).update(updated_at=timezone.now() - timedelta(seconds=300))
    make_job(status=JobStatus.PROCESSING)
    make_job(not_before=timezone.now() + timedelta(seconds=60))
    make_worker(seen_at=timezone.now() - timedelta(hours=1))
    health = queue_health()
    assert (health.workers_alive, health.pending, health.processing) == (0, 1, 1)
    assert health.oldest_pending_s == pytest.approx(300, abs=5)
    assert not health.ok and "No worker is running" in health.sentence()


@pytest.mark.parametrize(
    ("health", "ok"),
    [
        (QueueHealth(1, 0, 0, None), True),
        (QueueHealth(1, 1, 0, 5.0), True),
        (QueueHealth(1, 9, 1, 9000.0), True),
        (QueueHealth(1, 1, 0, 600.0, ended_lately=True), True),
        (QueueHealth(1, 1, 0, 600.0), False),
        (QueueHealth(0, 0, 0, None), False),
    ],
)
def test_a_queue_is_well_when_somebody_is_there_and_jobs_move(
    health: QueueHealth, ok: bool
) -> None:
    assert health.ok is ok
