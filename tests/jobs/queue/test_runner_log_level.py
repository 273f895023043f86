from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from jobs.queue.runners import current_runner, discard_runner


@pytest.fixture(autouse=True)
def no_runner_left() -> Iterator[None]:
    discard_runner()
    yield
    discard_runner()


@pytest.mark.parametrize("level", ["DEBUG", "CRITICAL"])
def test_the_level_of_the_log_reaches_the_runner(settings: Settings, level: str) -> None:
    settings.LOG_LEVEL = level
    words = Path(f"/proc/{current_runner().pid}/cmdline").read_bytes().split(b"\0")
    assert words[words.index(b"--log-level") + 1] == level.encode()
