"""The task name in tickets of releases before 0.2, which a live database may still contain."""

from importlib import import_module
from typing import cast


def run_next(lane: str) -> str:
    """Call :func:`jobs.worker.tasks.run_next`. The function is imported by name, as ``jobs.queue``
    must not depend on ``jobs.worker``."""
    return cast(str, import_module("jobs.worker.tasks").run_next(lane))
