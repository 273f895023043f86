import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from jobs.worker.runners import current_runner, discard_runner


@pytest.fixture(autouse=True)
def no_runner_left() -> Iterator[None]:
    discard_runner()
    yield
    discard_runner()


@pytest.mark.parametrize("level", ["DEBUG", "CRITICAL"])
def test_the_level_of_the_log_reaches_the_runner(settings: Settings, level: str) -> None:
    settings.LOG_LEVEL = level
    words = _words_of(current_runner().pid)
    assert words[words.index(b"--log-level") + 1] == level.encode()


def _words_of(pid: int) -> list[bytes]:
    """Its command line, which the kernel shows a moment after the process was started."""
    end = time.monotonic() + 10
    while not (words := Path(f"/proc/{pid}/cmdline").read_bytes()):
        assert time.monotonic() < end
    return words.split(b"\0")
