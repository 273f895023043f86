"""The runner of this worker process: one, kept between jobs so that models stay loaded."""

from typing import TYPE_CHECKING

from jobs.core import core_settings

if TYPE_CHECKING:
    from separation.client import RunnerProcess

_current: "RunnerProcess | None" = None


def current_runner() -> "RunnerProcess":
    """The living runner, started if need be. It ends with this process (end of its input)."""
    from separation.client import RunnerProcess

    global _current
    if _current is not None and not _current.alive:
        discard_runner()
    if _current is None:
        _current = RunnerProcess(core_settings())
    return _current


def discard_runner() -> None:
    """End the runner at once; the next job gets a new one."""
    global _current
    runner, _current = _current, None
    if runner is not None:
        runner.kill()
