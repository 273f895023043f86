"""The clusters that report to the shared cache, for the operator's page."""

from dataclasses import dataclass
from datetime import datetime

from django_q.status import Stat


@dataclass(frozen=True)
class ClusterHeartbeat:
    """``status`` is django-q2's word; ``restarts`` counts the workers that it replaced."""

    host: str
    pid: int
    status: str
    workers: int
    restarts: int
    since: datetime


def cluster_heartbeats() -> list[ClusterHeartbeat]:
    """The clusters that reported within the last seconds."""
    heartbeats = [
        ClusterHeartbeat(
            host=stat.host,
            pid=stat.pid,
            status=str(stat.status).lower(),
            workers=len(stat.workers),
            restarts=stat.reincarnations,
            since=stat.tob,
        )
        for stat in Stat.get_all()
    ]
    return sorted(heartbeats, key=lambda heartbeat: (heartbeat.host, heartbeat.pid))
