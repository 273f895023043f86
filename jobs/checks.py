"""System checks: settings that would break a promise stop the start, with an id and a hint."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

GUARD_CYCLES = (0.5, 1, 2)
"""django-q2 counts a worker's time down by the guard cycle and compares the float with zero:
only steps that a float holds exactly ever meet it."""


@register(Tags.compatibility)
def check_queue(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    cluster: dict[str, Any] = settings.Q_CLUSTER
    found: list[CheckMessage] = []
    if cluster.get("retry", 60) <= (cluster.get("timeout") or float("inf")):
        found.append(
            Error(
                "Q_CLUSTER['retry'] is not above Q_CLUSTER['timeout'].",
                hint="Otherwise a ticket that is still being worked on is handed out again.",
                id="stemsite.E001",
            )
        )
    if cluster.get("guard_cycle", 0.5) not in GUARD_CYCLES:
        found.append(
            Error(
                f"Q_CLUSTER['guard_cycle'] is {cluster['guard_cycle']}.",
                hint="Use 0.5, 1 or 2; with other values the hard timeout never strikes.",
                id="stemsite.E002",
            )
        )
    return found


@register(Tags.caches)
def check_cache(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    backend = str(settings.CACHES["default"]["BACKEND"])
    if not backend.endswith(("LocMemCache", "DummyCache")):
        return []
    return [
        Error(
            f"The cache {backend} is not shared between processes.",
            hint="Rate limits and the workers' signs of life need one that is, such as the "
            "file-based cache or Redis.",
            id="stemsite.E003",
        )
    ]


@register(Tags.compatibility)
def check_requests(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    database = settings.DATABASES["default"]
    is_sqlite = str(database["ENGINE"]).endswith("sqlite3")
    if not (is_sqlite and database.get("ATOMIC_REQUESTS")):
        return []
    return [
        Error(
            "ATOMIC_REQUESTS is on with SQLite.",
            hint="An upload or download would hold the only write lock for as long as it lasts.",
            id="stemsite.E004",
        )
    ]


@register(Tags.compatibility)
def check_lease(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    # Three beats to a lease: one may be late and one lost before a living worker loses its job.
    if 0 < settings.HEARTBEAT_S * 3 <= settings.LEASE_S:
        return []
    return [
        Error(
            f"STEMSITE_HEARTBEAT_S ({settings.HEARTBEAT_S:g}) is not well below STEMSITE_LEASE_S "
            f"({settings.LEASE_S:g}).",
            hint="A living worker would lose its jobs: the lease must last three heartbeats.",
            id="stemsite.E005",
        )
    ]
