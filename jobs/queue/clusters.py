"""The clusters of workers that sign on in the shared cache, for the operator's page."""

from dataclasses import dataclass
from datetime import datetime

from django_q.status import Stat


@dataclass(frozen=True)
class ClusterSign:
    """``status`` in django-q2's words; ``restarts``: workers that it had to replace."""

    host: str
    pid: int
    status: str
    workers: int
    restarts: int
    since: datetime


def cluster_signs() -> list[ClusterSign]:
    """Those that signed on within the last seconds."""
    signs = [
        ClusterSign(
            host=stat.host,
            pid=stat.pid,
            status=str(stat.status).lower(),
            workers=len(stat.workers),
            restarts=stat.reincarnations,
            since=stat.tob,
        )
        for stat in Stat.get_all()
    ]
    return sorted(signs, key=lambda sign: (sign.host, sign.pid))
