"""Where tickets of releases before 0.2 name the task: they may still lie in a live database."""

from importlib import import_module
from typing import cast


def run_next(lane: str) -> str:
    """See :func:`jobs.worker.tasks.run_next`. It is looked up by name, as the queue stands below
    the worker and imports nothing of it."""
    return cast(str, import_module("jobs.worker.tasks").run_next(lane))
