"""The living workers of each cluster, as ``stemworker --check`` reports them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from jobs.models import Worker
from jobs.queue import heartbeats
from jobs.queue.claim import runnable
from jobs.queue.health import queue_health
from jobs.queue.lanes import ALL, clusters, in_order


@dataclass
class ClusterWorkers:
    """The living workers of one cluster."""

    cluster: str
    workers: int = 0
    working: int = 0
    hosts: set[str] = field(default_factory=set)
    lanes: set[str] = field(default_factory=set)

    def count(self, worker: Worker) -> None:
        self.workers += 1
        self.working += worker.job_id is not None
        self.hosts.add(worker.host)
        self.lanes.update(worker.lanes)

    def sentence(self) -> str:
        if not self.workers:
            return f"{self.cluster}: no worker."
        return (
            f"{self.cluster}: {self.workers} worker(s) on {', '.join(sorted(self.hosts))}, "
            f"{self.working} of them at work; lanes {', '.join(in_order(self.lanes))}."
        )


@dataclass(frozen=True)
class ClusterStatus:
    """``sentences`` describe the queue and each cluster; ``faults`` is empty when all is well."""

    sentences: tuple[str, ...]
    faults: tuple[str, ...]


def cluster_status(
    *, cluster: str | None = None, lanes: Iterable[str] | None = None
) -> ClusterStatus:
    """``cluster`` must have a living worker, and each of ``lanes`` must be served. Without them
    any living worker suffices, and every lane in which jobs wait must be served."""
    statuses = {name: ClusterWorkers(name) for name in clusters()}
    for worker in heartbeats.alive():
        statuses.setdefault(worker.cluster, ClusterWorkers(worker.cluster)).count(worker)
    health = queue_health()
    faults = [] if health.ok else [health.sentence()]
    if cluster is not None and not statuses[cluster].workers:
        faults.append(f"No worker of the cluster {cluster} is running.")
    checked = statuses.values() if cluster is None else [statuses[cluster]]
    served = set[str]().union(*(status.lanes for status in checked))
    if lanes is None:
        lanes = [lane for lane in ALL if health.workers_alive and runnable([lane]).exists()]
        served = set[str]().union(*(status.lanes for status in statuses.values()))
    faults += [f"No worker serves the lane {lane}." for lane in lanes if lane not in served]
    return ClusterStatus(
        (health.sentence(), *(status.sentence() for status in statuses.values())), tuple(faults)
    )
