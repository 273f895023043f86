"""The runner of a worker process."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from jobs.worker import runners


class Started:
    """In the place of the process."""

    alive, is_spent = True, False

    def __init__(self, settings: object, **options: Any) -> None:
        self.options = options


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("separation.runner.client.RunnerProcess", Started)
    monkeypatch.setattr(runners, "_current", None)
    yield


@pytest.mark.parametrize(("megabytes", "most"), [(0, None), (300, 300_000_000)])
def test_the_memory_of_a_runner_is_limited_in_megabytes(
    started: None, settings: Settings, megabytes: int, most: int | None
) -> None:
    settings.RUNNER_MEMORY_MB, settings.STALL_S = megabytes, 7.0
    runner: Any = runners.current_runner()
    limits = runner.options["limits"]
    assert (limits.memory_bytes, limits.stall_s) == (most, 7.0)
    assert runners.current_runner() is runner, "it stays loaded between jobs"
