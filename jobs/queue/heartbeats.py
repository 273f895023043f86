"""Heartbeats: a row for each worker process, for the operator's page.

The cluster's main process writes the rows of all its workers, so that a busy or hanging worker
appears as well. Leases, not these rows, decide who holds a job. The rows only decide which queues
get tickets.
"""

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.db.models import QuerySet

from jobs.models import Job, Worker
from jobs.models.job import JobStatus
from jobs.queue import clock, worker_table
from jobs.queue.lanes import current_assignment
from jobs.queue.worker_table import Activity

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def worker_name(pid: int | None = None) -> str:
    """The name of a worker, on its jobs and on its row; by default of this process."""
    return f"{socket.gethostname()}:{pid or os.getpid()}"[:128]


def alive() -> QuerySet[Worker]:
    """The workers seen within three heartbeats, which is the shortest lease that is allowed."""
    return seen_within(3 * settings.HEARTBEAT_S)


def seen_within(seconds: float) -> QuerySet[Worker]:
    return Worker.objects.filter(seen_at__gte=clock.now() - timedelta(seconds=seconds))


def remove_silent_workers() -> int:
    """Remove the rows of workers that have been silent for as long as a lease lasts; returns how
    many."""
    silence = timedelta(seconds=settings.LEASE_S)
    return Worker.objects.filter(seen_at__lt=clock.now() - silence).delete()[0]


def register(card: str | None) -> None:
    """Write the row of this new worker process. ``card``: the graphics card assigned to it."""
    row = _row(os.getpid())
    row.devices = [f"card {card}"] if card else []
    with suppress(DatabaseError):
        _store([row], "devices")


def record_job(job: Job | None) -> None:
    """Record that this worker took ``job``, or is free again. Database errors are ignored."""
    fields = {"job": job, "seen_at": clock.now()}
    with suppress(DatabaseError):
        Worker.objects.filter(name=worker_name()).update(**fields)


def record_device(job: Job) -> None:
    """Record the device that the runner used. Only the manifest of a finished job names it."""
    with suppress(DatabaseError):
        manifest = Job.objects.filter(pk=job.pk).values_list("manifest", flat=True).first() or {}
        device = manifest.get("metadata", {}).get("device")
        if device:
            Worker.objects.filter(name=worker_name()).update(devices=[device])


class Heartbeats:
    """The rows of one cluster, kept by its main process. The keeper calls :meth:`end` as well, in
    case that process was killed."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def renew(self) -> None:
        """Write a row for each living worker, and remove the rows of the others."""
        pids = [
            member.pid for member in worker_table.members() if member.activity is not Activity.LEFT
        ]
        rows = self._rows([pid for pid in pids if Path(f"/proc/{pid}").exists()])
        names = {row.name for row in rows}
        Worker.objects.filter(name__in=self._names - names).delete()
        _store(rows, "job", "runner_pid", "runner_memory_bytes")
        self._names = names

    def end(self) -> None:
        names = self._names | {worker_name(member.pid) for member in worker_table.members()}
        Worker.objects.filter(name__in=names).delete()

    def _rows(self, pids: list[int]) -> list[Worker]:
        rows, runners = [_row(pid) for pid in pids], runners_of(pids)
        names = [row.name for row in rows]
        held = Job.objects.filter(status=JobStatus.PROCESSING, worker__in=names)
        jobs = dict(held.values_list("worker", "pk"))
        for row in rows:
            row.job_id = jobs.get(row.name)
            if runner := runners.get(row.pid):
                row.runner_pid, row.runner_memory_bytes = runner.pid, runner.memory_bytes
        return rows


def _row(pid: int) -> Worker:
    post = current_assignment()
    return Worker(
        name=worker_name(pid),
        host=socket.gethostname()[:128],
        pid=pid,
        cluster=post.cluster,
        lanes=list(post.lanes),
        seen_at=clock.now(),
    )


def _store(rows: list[Worker], *fields: str) -> None:
    """Insert each row, or update the row of the same name."""
    if not rows:
        return
    Worker.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["cluster", "lanes", "seen_at", *fields],
    )


@dataclass(frozen=True)
class RunnerState:
    pid: int
    memory_bytes: int


def runners_of(pids: list[int]) -> dict[int, RunnerState]:
    """The runner of each worker, from Linux's ``/proc``; empty on other systems."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            # The fields after the name, which may contain anything: state, parent, ...
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent not in pids or b"separation.runner" not in (folder / "cmdline").read_bytes():
                continue
            resident = int((folder / "statm").read_text().split()[1]) * _PAGE_BYTES
            found[parent] = RunnerState(int(folder.name), resident)
    return found
