"""The cluster that this process belongs to, and the lanes that it serves."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from jobs.models.job import Lane

ALL = tuple(lane.value for lane in Lane)
"""The lanes in the order of serving: jobs that people wait for go before recomputation."""


@dataclass(frozen=True)
class WorkerAssignment:
    """The cluster and the lanes of a worker. ``lanes`` is in the order of serving."""

    cluster: str
    lanes: tuple[str, ...]

    @property
    def queue(self) -> str:
        """The name of the queue whose tickets reach this worker.

        A worker that serves only some lanes has a queue of its own. In the common queue it would
        use up tickets for jobs that it does not take.
        """
        return self.cluster if self.lanes == ALL else f"{self.cluster}:{'+'.join(self.lanes)}"

    @property
    def workers(self) -> int:
        return int(clusters()[self.cluster]["workers"])


_post: WorkerAssignment | None = None


def current_assignment() -> WorkerAssignment:
    """The post of this process; by default the default cluster with the configured lanes."""
    return _post or WorkerAssignment(str(settings.Q_CLUSTER["name"]), in_order(settings.LANES))


def take_assignment(post: WorkerAssignment | None) -> None:
    """Set the post of this process and of all that it forks from now on."""
    global _post
    _post = post


def clusters() -> dict[str, dict[str, Any]]:
    """The settings of each cluster by its name, the default cluster first."""
    common: dict[str, Any] = dict(settings.Q_CLUSTER)
    others: dict[str, dict[str, Any]] = common.pop("ALT_CLUSTERS", {})
    return {str(common["name"]): common} | {
        name: {**common, **special} for name, special in others.items()
    }


def in_order(lanes: Iterable[str]) -> tuple[str, ...]:
    """The known lanes among ``lanes``, each once, in the order of serving."""
    named = set(lanes)
    return tuple(lane for lane in ALL if lane in named)


def unknown(lanes: Iterable[str]) -> list[str]:
    return [lane for lane in lanes if lane not in ALL]
