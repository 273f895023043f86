import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Worker
from jobs.models.job import JobStatus
from jobs.queue import heartbeats, worker_table
from jobs.queue.heartbeats import Heartbeats, worker_name
from jobs.queue.lanes import WorkerAssignment, take_assignment
from tests.factories import make_job

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def post() -> Iterator[None]:
    worker_table.clear()
    take_assignment(WorkerAssignment("gpu", ("interactive",)))
    yield
    take_assignment(None)
    worker_table.clear()


def test_a_worker_signs_on_with_its_post_and_its_card(db: None) -> None:
    heartbeats.register("1")
    row = Worker.objects.get()
    assert (row.name, row.pid) == (worker_name(), os.getpid())
    assert (row.cluster, row.lanes, row.devices) == ("gpu", ["interactive"], ["card 1"])
    assert list(heartbeats.alive()) == [row]


def test_signs_are_renewed_and_keep_what_the_worker_said(owner: User) -> None:
    worker_table.register()
    heartbeats.register("1")
    before = Worker.objects.get()
    Worker.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    Heartbeats().renew()
    row = Worker.objects.get()
    assert (row.pk, row.devices, row.started_at) == (before.pk, ["card 1"], before.started_at)
    assert row.seen_at >= before.seen_at


def test_a_row_names_the_job_while_it_runs_and_the_device_afterwards(owner: User) -> None:
    worker_table.register()
    job = make_job(status=JobStatus.PROCESSING, worker=worker_name())
    job.manifest = {"metadata": {"device": "cpu"}}
    job.save()
    kept = Heartbeats()
    kept.renew()
    assert Worker.objects.get().job_id == job.pk
    heartbeats.record_device(job)
    heartbeats.record_job(None)
    row = Worker.objects.get()
    assert (row.job_id, row.devices) == (None, ["cpu"])
    heartbeats.record_job(job)
    assert Worker.objects.get().job_id == job.pk


def test_a_row_tells_the_runner_and_its_memory() -> None:
    worker_table.register()
    # By its command line alone this is a runner; it is a real process of a real size.
    child = subprocess.Popen(
        [sys.executable, "-c", "input()", "separation.runner"], stdin=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + 10
        while os.getpid() not in heartbeats.runners_of([os.getpid()]):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        Heartbeats().renew()
        row = Worker.objects.get()
        assert row.runner_pid == child.pid
        assert row.runner_memory_bytes is not None and row.runner_memory_bytes > 1_000_000
    finally:
        child.communicate(b"\n")
    Heartbeats().renew()
    row = Worker.objects.get()
    assert (row.runner_pid, row.runner_memory_bytes) == (None, None)


def test_the_row_of_a_worker_that_ended_goes_with_the_next_sign() -> None:
    worker_table.register()
    kept = Heartbeats()
    kept.renew()
    worker_table.clear()
    far = Worker.objects.create(name="far:1", host="far", pid=1, seen_at=timezone.now())
    kept.renew()
    assert list(Worker.objects.all()) == [far]


def test_the_rows_of_a_cluster_go_when_it_ends() -> None:
    worker_table.register()
    kept = Heartbeats()
    kept.renew()
    kept.end()
    assert not Worker.objects.exists()


def test_silent_rows_are_dead_after_three_heartbeats_and_buried_after_a_lease(
    settings: Settings,
) -> None:
    settings.HEARTBEAT_S, settings.LEASE_S = 10.0, 90
    ages = {"new": 1, "late": 29, "silent": 31, "gone": 91}
    for name, age_s in ages.items():
        seen = timezone.now() - timedelta(seconds=age_s)
        Worker.objects.create(name=name, host="far", pid=1, seen_at=seen)
    assert {row.name for row in heartbeats.alive()} == {"new", "late"}
    assert heartbeats.remove_silent_workers() == 1
    assert not Worker.objects.filter(name="gone").exists()
