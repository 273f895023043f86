import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue import worker_table
from jobs.queue.health import STUCK_AFTER_S
from jobs.queue.lanes import WorkerAssignment, take_assignment
from jobs.queue.worker_table import Activity, Member
from jobs.worker.watchdog import LOOK_EVERY_S, REPLACED_WITHIN_S, Watchdog
from tests.factories import make_job


class Clock:
    def __init__(self) -> None:
        self.now = time.monotonic()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def empty_crew() -> Iterator[None]:
    worker_table.clear()
    yield
    worker_table.clear()
    take_assignment(None)


@pytest.fixture
def forgotten(owner: User) -> Job:
    job = make_job()
    Job.objects.update(updated_at=timezone.now() - timedelta(days=1))
    return job


def needs_restart_within(watchdog: Watchdog, clock: Clock, seconds: float) -> bool:
    until = clock.now + seconds
    while clock.now < until:
        if watchdog.needs_restart():
            return True
        clock.now += LOOK_EVERY_S / 2
    return False


def fork(then: Callable[[], object]) -> int:
    """A worker process that shares the table, and then does ``then``."""
    pid = os.fork()
    if pid:
        return pid
    try:
        then()
    finally:
        os._exit(0)


def test_a_new_cluster_gets_time_for_jobs_that_waited_before_it(
    clock: Clock, forgotten: Job
) -> None:
    worker_table.register()
    watchdog = Watchdog(clock)
    assert not needs_restart_within(watchdog, clock, STUCK_AFTER_S - 1)
    assert needs_restart_within(watchdog, clock, 2 * LOOK_EVERY_S)


def test_a_free_worker_that_moves_is_left_alone(clock: Clock, forgotten: Job) -> None:
    watchdog = Watchdog(clock)
    for _ in range(20):
        clock.now += LOOK_EVERY_S
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "monotonic", clock)
            with worker_table.working():
                pass
        assert not watchdog.needs_restart()


def test_a_cluster_whose_workers_all_work_may_take_its_time(clock: Clock, forgotten: Job) -> None:
    with worker_table.working():
        assert not needs_restart_within(Watchdog(clock), clock, 10 * STUCK_AFTER_S)


def test_one_worker_that_works_does_not_excuse_one_that_stands_still(
    clock: Clock, forgotten: Job, settings: Settings
) -> None:
    """Nor do jobs that another host runs."""
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "workers": 2}
    make_job(status=JobStatus.PROCESSING, worker="another host")
    with worker_table.working():
        assert needs_restart_within(Watchdog(clock), clock, 2 * STUCK_AFTER_S)


def test_a_busy_neighbour_does_not_hide_one_that_stands_still(
    clock: Clock, forgotten: Job, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "workers": 2}
    still = fork(lambda: (worker_table.register(), time.sleep(60)))
    while not worker_table.members():
        time.sleep(0.01)
    monkeypatch.setattr(time, "monotonic", clock)
    watchdog, restarts = Watchdog(clock), []
    for _ in range(20):
        clock.now += LOOK_EVERY_S
        with worker_table.working():  # one short job after the other
            restarts.append(watchdog.needs_restart())
    os.kill(still, signal.SIGKILL)
    os.waitpid(still, 0)
    assert True in restarts


def test_jobs_of_other_lanes_and_of_owners_at_their_cap_do_not_count(
    clock: Clock, forgotten: Job, settings: Settings
) -> None:
    worker_table.register()
    take_assignment(WorkerAssignment("stemsite", ("backfill",)))
    assert not needs_restart_within(Watchdog(clock), clock, 2 * STUCK_AFTER_S)
    take_assignment(None)
    settings.MAX_RUNNING_JOBS = 1
    make_job(status=JobStatus.PROCESSING)
    assert not needs_restart_within(Watchdog(clock), clock, 2 * STUCK_AFTER_S)


def test_a_wall_clock_that_jumps_makes_nothing_stuck(
    clock: Clock, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker_table.register()
    watchdog = Watchdog(clock)
    clock.now += 10 * STUCK_AFTER_S
    make_job()
    later = timezone.now() + timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert not watchdog.needs_restart()


def test_a_worker_killed_while_it_waits_is_noticed_at_once(clock: Clock, db: None) -> None:
    pid = fork(lambda: (worker_table.register(), time.sleep(60)))
    watchdog = Watchdog(clock)
    while not worker_table.members():
        time.sleep(0.01)
    assert not watchdog.needs_restart()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert watchdog.needs_restart()


def test_one_that_was_killed_and_that_nobody_collected_is_dead_too(clock: Clock, db: None) -> None:
    """Its parent may stand still, as it waits for what the dead one holds."""
    pid = fork(lambda: (worker_table.register(), time.sleep(60)))
    watchdog = Watchdog(clock)
    while not worker_table.members():
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert watchdog.needs_restart()
    os.waitpid(pid, 0)


def test_a_worker_that_is_killed_leaves_word_of_the_lease_it_had(clock: Clock, db: None) -> None:
    token, lost = uuid.uuid4(), list[Member]()

    def work() -> None:
        with worker_table.working(token):
            time.sleep(60)

    pid = fork(work)
    while not worker_table.anyone_works():
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert not Watchdog(clock, on_death=lost.append).needs_restart()
    assert [member.token for member in lost] == [token]


def test_a_worker_killed_at_work_holds_no_queue(clock: Clock, db: None) -> None:
    def work() -> None:
        with worker_table.working():
            time.sleep(60)

    pid = fork(work)
    while not worker_table.anyone_works():
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert not Watchdog(clock).needs_restart()
    assert worker_table.members() == []


def test_a_dead_worker_that_nobody_replaces_is_noticed(clock: Clock, db: None) -> None:
    """As where the sentinel stands still; no job need wait."""
    worker_table.register()
    watchdog = Watchdog(clock)
    assert not needs_restart_within(watchdog, clock, 10 * REPLACED_WITHIN_S)
    assert not watchdog.needs_restart()
    worker_table.clear()
    clock.now += REPLACED_WITHIN_S - 1
    assert not watchdog.needs_restart()
    clock.now += 2
    assert watchdog.needs_restart()


def test_a_dead_worker_that_is_replaced_is_forgotten(clock: Clock, db: None) -> None:
    watchdog = Watchdog(clock)
    for _ in range(10):
        worker_table.clear()
        clock.now += REPLACED_WITHIN_S - 1
        assert not watchdog.needs_restart()
        worker_table.register()
        assert not watchdog.needs_restart()


def test_a_worker_that_ends_by_itself_says_so() -> None:
    """By multiprocessing's own way of ending, in a process that has no tests around it."""
    program = (
        "import multiprocessing as m; from jobs.queue import worker_table;"
        "p = m.get_context('fork').Process(target=worker_table.register); p.start(); p.join();"
        "print([each.activity.name for each in worker_table.members()])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == f"['{Activity.LEFT.name}']"
