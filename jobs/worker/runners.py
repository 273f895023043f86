"""The one runner of this worker process. It is kept between jobs so that models stay loaded."""

import logging
from typing import TYPE_CHECKING

from django.conf import settings

from jobs.core_settings import core_settings

if TYPE_CHECKING:
    from separation.runner.client import RunnerProcess

_MB = 1_000_000
_current: "RunnerProcess | None" = None
_log = logging.getLogger("jobs.worker")


def current_runner() -> "RunnerProcess":
    """The living runner, which is started if necessary. It ends with this process."""
    from separation.runner.client import RunnerProcess
    from separation.runner.supervision import RunnerLimits

    global _current
    if _current is not None and not _current.alive:
        discard_runner()
    if _current is None:
        limits = RunnerLimits(
            stall_s=settings.STALL_S, memory_bytes=settings.RUNNER_MEMORY_MB * _MB or None
        )
        _current = RunnerProcess(core_settings(), limits=limits, log_level=settings.LOG_LEVEL)
    return _current


def known_runner() -> "RunnerProcess | None":
    """The living runner, or None. For inspection only; see :func:`current_runner`."""
    return _current if _current is not None and _current.alive else None


def discard_runner() -> None:
    """End the runner at once; the next job gets a new one."""
    global _current
    runner, _current = _current, None
    if runner is not None:
        runner.kill()


def replace_spent_runner() -> None:
    """Replace a runner that is dead or spent, so that a new one is ready for the next job. Call it
    between jobs."""
    if _current is None or (_current.alive and not _current.is_spent):
        return
    _log.warning("runner %d is replaced: %s", _current.pid, _why(_current))
    discard_runner()
    current_runner()


def _why(runner: "RunnerProcess") -> str:
    if not runner.alive:
        return "it ended"
    return f"its device failed, or its memory grew ({runner.peak_memory_bytes() // _MB} MB)"
