"""Which work this process takes: the cluster that it belongs to and the lanes that it serves."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from jobs.models.job import Lane

ALL = tuple(lane.value for lane in Lane)
"""In the order in which they are served: people who wait go before recomputation."""


@dataclass(frozen=True)
class Post:
    """Where a worker stands. ``lanes`` is in the order of serving."""

    cluster: str
    lanes: tuple[str, ...]

    @property
    def queue(self) -> str:
        """The name of the tickets that reach this worker. One that serves some lanes only has a
        queue of its own: in the common one it would use up tickets for work that it refuses."""
        return self.cluster if self.lanes == ALL else f"{self.cluster}:{'+'.join(self.lanes)}"

    @property
    def workers(self) -> int:
        return int(clusters()[self.cluster]["workers"])


_post: Post | None = None


def current_post() -> Post:
    """That of this process; the default cluster's where none was taken."""
    return _post or Post(str(settings.Q_CLUSTER["name"]), in_order(settings.LANES))


def take_post(post: Post | None) -> None:
    """For this process and all that it starts from now on by fork."""
    global _post
    _post = post


def clusters() -> dict[str, dict[str, Any]]:
    """The settings of each cluster by its name, the default one first."""
    common: dict[str, Any] = dict(settings.Q_CLUSTER)
    others: dict[str, dict[str, Any]] = common.pop("ALT_CLUSTERS", {})
    return {str(common["name"]): common} | {
        name: {**common, **special} for name, special in others.items()
    }


def in_order(lanes: Iterable[str]) -> tuple[str, ...]:
    """The known ones of ``lanes``, each once, in the order of serving."""
    wanted = set(lanes)
    return tuple(lane for lane in ALL if lane in wanted)


def unknown(lanes: Iterable[str]) -> list[str]:
    return [lane for lane in lanes if lane not in ALL]
