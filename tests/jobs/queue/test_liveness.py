"""Who is known to be dead, and what happens to the jobs of the dead."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.queue import liveness
from jobs.queue.lease import Lease
from jobs.queue.liveness import is_dead, liveness_lock, remove_stale_locks
from jobs.worker import outcome
from jobs.worker.reaper import Housekeeping, reap_dead_workers
from jobs.worker.tasks import run_next
from stemsite.settings import BASE_DIR
from tests.factories import make_job

Holder = subprocess.Popen[str]

HOLDS = """
import sys, uuid
from pathlib import Path
from django.conf import settings
settings.configure(DATA_DIR=Path(sys.argv[1]))
from jobs.queue.liveness import liveness_lock
with liveness_lock(uuid.UUID(sys.argv[2])):
    print("holds", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Callable[[uuid.UUID], Holder]]:
    """Another process that holds a lease, until it is killed."""
    started: list[Holder] = []

    def start(token: uuid.UUID) -> Holder:
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDS, str(tmp_path), str(token)],
            cwd=BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(holder)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holds\n"
        return holder

    yield start
    for holder in started:
        holder.kill()
        holder.communicate()


def killed(holder: Holder) -> None:
    holder.kill()
    holder.wait()


def files(data: Path) -> list[Path]:
    return list((data / liveness.FOLDER).glob("*"))


def test_who_is_killed_is_known_to_be_dead_at_once(
    tmp_path: Path, hold: Callable[[uuid.UUID], Holder]
) -> None:
    token = uuid.uuid4()
    holder = hold(token)
    assert not is_dead(token)
    killed(holder)
    assert is_dead(token)
    assert is_dead(token)  # looking changes nothing


def test_of_a_lease_that_ended_in_order_nothing_is_left(tmp_path: Path) -> None:
    token = uuid.uuid4()
    with liveness_lock(token):
        assert len(files(tmp_path)) == 1
        assert not is_dead(token)
    assert files(tmp_path) == []
    assert not is_dead(token)


def test_of_a_lease_that_nobody_here_saw_nothing_is_known(
    tmp_path: Path, hold: Callable[[uuid.UUID], Holder], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = uuid.uuid4()
    killed(hold(token))
    # As another machine sees it, which shares the folder and perhaps no locks.
    monkeypatch.setattr(liveness, "_boot", lambda: "another")
    assert not is_dead(token)
    monkeypatch.setattr(liveness, "_boot", lambda: None)
    assert not is_dead(token)
    with liveness_lock(uuid.uuid4()):
        assert len(files(tmp_path)) == 1


def test_where_files_cannot_be_made_or_locked_the_work_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    token = uuid.uuid4()
    monkeypatch.setattr("fcntl.flock", no_locks)
    with liveness_lock(token):
        assert not is_dead(token)
    assert files(tmp_path) == []
    (tmp_path / liveness.FOLDER).rmdir()
    (tmp_path / liveness.FOLDER).write_bytes(b"in the way")
    with liveness_lock(token):
        assert not is_dead(token)


def test_what_killed_workers_left_goes_in_time(tmp_path: Path) -> None:
    folder = tmp_path / liveness.FOLDER
    folder.mkdir()
    kept, old, new = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    for token in (kept, old, new):
        (folder / f"{token.hex}.another.1").touch()
    for token in (kept, old):
        os.utime(folder / f"{token.hex}.another.1", (0, 0))
    assert remove_stale_locks([kept]) == 1
    assert {file.name[:32] for file in files(tmp_path)} == {kept.hex, new.hex}


@pytest.mark.django_db
def test_the_job_of_a_whole_cluster_that_was_killed_waits_for_no_lease(
    owner: User, tmp_path: Path, hold: Callable[[uuid.UUID], Holder]
) -> None:
    lost, living, elsewhere = (
        make_job(owner=owner, status=JobStatus.PROCESSING, attempt=1) for _ in range(3)
    )
    assert lost.lease_token and living.lease_token
    hold(living.lease_token)
    killed(hold(lost.lease_token))
    assert reap_dead_workers() == 1
    for job in (lost, living, elsewhere):
        job.refresh_from_db()
    assert (lost.status, lost.attempt) == ("pending", 1)
    assert living.status == elsewhere.status == "processing"
    assert len(files(tmp_path)) == 1
    assert reap_dead_workers() == 0


@pytest.mark.django_db
def test_a_cluster_that_starts_looks_for_the_dead_at_its_first_turn(
    owner: User, hold: Callable[[uuid.UUID], Holder]
) -> None:
    job = make_job(owner=owner, status=JobStatus.PROCESSING)
    assert job.lease_token
    killed(hold(job.lease_token))
    Housekeeping().turn()
    job.refresh_from_db()
    assert job.status == "pending"


@pytest.mark.django_db
def test_one_of_the_dead_whose_job_cannot_be_taken_back_holds_up_no_other(
    owner: User, hold: Callable[[uuid.UUID], Holder], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = (make_job(owner=owner, status=JobStatus.PROCESSING) for _ in range(2))
    for job in (broken, sound):
        assert job.lease_token
        killed(hold(job.lease_token))
    usual = outcome.attempt_failed

    def fails_for_one(lease: Lease, *args: object, **kwargs: object) -> None:
        if lease.job_id == broken.pk:
            raise OSError("its folder cannot be read")
        usual(lease, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(outcome, "attempt_failed", fails_for_one)
    for _ in range(2):
        with pytest.raises(ExceptionGroup, match="could not be taken back"):
            reap_dead_workers()
    monkeypatch.setattr(outcome, "attempt_failed", usual)
    assert reap_dead_workers() == 1
    assert set(Job.objects.values_list("status", flat=True)) == {"pending"}


@pytest.mark.django_db
def test_whoever_claims_a_job_gives_proof_of_life_before(
    owner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, int]] = []

    def claims(*, worker: str, token: uuid.UUID) -> None:
        seen.append((is_dead(token), len(files(tmp_path))))

    monkeypatch.setattr("jobs.worker.tasks.claim_next", claims)
    assert run_next("interactive") == "nothing waits"
    assert seen == [(False, 1)]
    assert files(tmp_path) == []
