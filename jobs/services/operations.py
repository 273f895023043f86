"""The figures of the operator's page; reads rows and disks, changes nothing."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q
from django.utils import timezone

from jobs.models import Batch, Job, Speed, Worker
from jobs.models.job import JobStatus, Lane
from jobs.queue.clusters import ClusterHeartbeat, cluster_heartbeats
from jobs.queue.health import QueueHealth, queue_health
from jobs.queue.heartbeats import alive
from jobs.services.site_models.available import broken_models
from jobs.services.site_models.missing_models import MissingModelStatus, missing_models
from separation.sandbox.sandbox_probe import SandboxState, sandbox_state
from separation.separators.own_models.folders import OwnModel

FAILURES = 8
"""How many failures the page shows; the list of jobs has all of them."""

_UNREADABLE = ("manifest", "request", "pipeline", "routing")
"""Long values of a job that the page does not show."""


@dataclass(frozen=True)
class WorkerStatus:
    """A worker with a heartbeat, or one that only the row of its job names."""

    name: str
    cluster: str
    lanes: str
    devices: str
    seen_at: datetime | None
    silent: bool
    runner_pid: int | None
    runner_memory_bytes: int | None
    job: Job | None

    @property
    def state(self) -> str:
        if self.silent:
            return "silent"
        return "working" if self.job else "idle"


@dataclass(frozen=True)
class LaneStatus:
    """The jobs of one lane. ``later``: the jobs whose back-off is not over."""

    name: str
    waiting: int
    later: int
    running: int
    oldest_since: datetime | None


@dataclass(frozen=True)
class DiskStatus:
    label: str
    path: Path
    free_bytes: int
    total_bytes: int

    @property
    def used_percent(self) -> float:
        return 100.0 * (1.0 - self.free_bytes / self.total_bytes) if self.total_bytes else 0.0

    @property
    def is_low(self) -> bool:
        """Whether less than twice the minimum is free, so that uploads will soon be refused."""
        return self.free_bytes < 2 * int(settings.MIN_FREE_BYTES)


@dataclass(frozen=True)
class Operations:
    now: datetime
    health: QueueHealth
    clusters: list[ClusterHeartbeat]
    workers: list[WorkerStatus]
    lanes: list[LaneStatus]
    failures: list[Job]
    unsent: list[Batch]
    disks: list[DiskStatus]
    speeds: list[Speed]
    sandbox: SandboxState
    broken_models: tuple[OwnModel, ...]
    missing_models: list[MissingModelStatus]


def operations() -> Operations:
    """Collect all figures with a fixed number of queries.

    The first call in a process also probes the sandbox.
    """
    return Operations(
        now=timezone.now(),
        health=queue_health(),
        clusters=cluster_heartbeats(),
        workers=worker_statuses(),
        lanes=lane_statuses(),
        failures=last_failures(),
        unsent=unsent_notices(),
        disks=disk_statuses(),
        speeds=list(Speed.objects.order_by("host", "device", "work", "separator", "model_name")),
        sandbox=sandbox_state(),
        broken_models=broken_models(),
        missing_models=missing_models(),
    )


def worker_statuses() -> list[WorkerStatus]:
    running = Job.objects.filter(status=JobStatus.PROCESSING).select_related("source", "owner")
    by_worker = {job.worker: job for job in running.defer(*_UNREADABLE).order_by("started_at")}
    living = set(alive().values_list("name", flat=True))
    reporting = [
        _worker_status(row, by_worker.pop(row.name, None), silent=row.name not in living)
        for row in Worker.objects.all()
    ]
    return [*reporting, *(_worker_without_heartbeat(name, job) for name, job in by_worker.items())]


def _worker_status(row: Worker, job: Job | None, *, silent: bool) -> WorkerStatus:
    return WorkerStatus(
        name=row.name,
        cluster=row.cluster,
        lanes=", ".join(row.lanes),
        devices=", ".join(_words(row.devices)),
        seen_at=row.seen_at,
        silent=silent,
        runner_pid=row.runner_pid,
        runner_memory_bytes=row.runner_memory_bytes,
        job=job,
    )


def _worker_without_heartbeat(name: str, job: Job) -> WorkerStatus:
    """A worker without a heartbeat. It counts as alive until its lease expires."""
    silent = job.lease_until is not None and job.lease_until < timezone.now()
    return WorkerStatus(name, "", job.lane, "", job.updated_at, silent, None, None, job)


def _words(devices: Iterable[Any]) -> list[str]:
    return [
        str(device.get("name") or device) if isinstance(device, dict) else str(device)
        for device in devices
    ]


def lane_statuses() -> list[LaneStatus]:
    now = timezone.now()
    waits = Q(status=JobStatus.PENDING)
    due = waits & (Q(not_before=None) | Q(not_before__lte=now))
    rows = (
        Job.objects.active()
        .order_by()
        .values("lane")
        .annotate(
            waiting=Count("pk", filter=due),
            later=Count("pk", filter=waits & Q(not_before__gt=now)),
            running=Count("pk", filter=Q(status=JobStatus.PROCESSING)),
            # A waiting row last changed when it began to wait: created, retried, or given back.
            oldest_since=Min("updated_at", filter=due),
        )
    )
    found = {row["lane"]: row for row in rows}
    return [_lane(lane, found.get(lane.value)) for lane in Lane]


def _lane(lane: Lane, row: Mapping[str, Any] | None) -> LaneStatus:
    if row is None:
        return LaneStatus(lane.label, waiting=0, later=0, running=0, oldest_since=None)
    return LaneStatus(lane.label, row["waiting"], row["later"], row["running"], row["oldest_since"])


def last_failures() -> list[Job]:
    failed = Job.objects.filter(status=JobStatus.FAILED).select_related("source", "owner")
    return list(failed.defer(*_UNREADABLE).order_by("-completed_at")[:FAILURES])


def unsent_notices() -> list[Batch]:
    """Batches whose e-mail to the owner failed, so far or for good."""
    failed = Batch.objects.with_failed_notice().select_related("owner")
    return list(failed.order_by("-last_added_at")[:FAILURES])


def disk_statuses() -> list[DiskStatus]:
    places = (("Uploads", settings.UPLOAD_DIR), ("Outputs", settings.OUTPUT_DIR))
    return [_disk(label, Path(path)) for label, path in places]


def _disk(label: str, path: Path) -> DiskStatus:
    try:
        usage = shutil.disk_usage(path)
    except OSError:
        # The mount is gone; the page must show the rest anyway.
        return DiskStatus(label, path, 0, 0)
    return DiskStatus(label, path, usage.free, usage.total)
