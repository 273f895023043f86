"""A cancel reaches the service; a crash does not lose what the service is doing."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from separation.errors import Cancelled, RemoteFailed, WorkerLost
from tests.separation.separators.remote.asking import a_remote, assert_same, separated
from tests.separation.separators.remote.service import TOKEN, Service, silence, status

ROOT = Path(__file__).resolve().parents[4]
KILLED = """
import sys
from pathlib import Path
from tests.separation.separators.remote.asking import a_remote, separated
separated(a_remote(sys.argv[1]), Path(sys.argv[2]))
"""


class Stopping:
    """A report that raises once ``when`` is told, as the runner's does after a cancel."""

    def __init__(self, when: str, error: Exception) -> None:
        self._when, self._error = when, error
        self.raised_at = 0.0

    def __call__(self, fraction: float, message: str = "") -> None:
        if self._when in message:
            self.raised_at = self.raised_at or time.monotonic()
            raise self._error


def kept(song: Path) -> list[Path]:
    return list(song.parent.glob(".remote-*.json"))


def test_a_cancel_is_passed_on(service: Service, song: Path) -> None:
    service.never_done = True
    with pytest.raises(Cancelled):
        separated(a_remote(service.url), song, Stopping("processing", Cancelled("Stop.")))
    assert len(service.requests("DELETE", "jobs")) == 1
    assert kept(song) == []


def test_a_cancel_does_not_wait_for_a_service_that_is_silent(service: Service, song: Path) -> None:
    service.fail("GET", "jobs", silence)
    stopping = threading.Event()

    def report(fraction: float, message: str = "") -> None:
        if stopping.is_set():
            raise Cancelled("Stop.")

    def stop() -> None:
        service.wait_for("GET", "jobs")
        stopping.set()

    threading.Thread(target=stop, daemon=True).start()
    with pytest.raises(Cancelled):
        separated(a_remote(service.url, settings={"read_s": 600}), song, report)
    # The silence of that request lasts until the service is closed; the cancel went beside it.
    assert not service.stopping.is_set()
    assert len(service.requests("DELETE", "jobs")) == 1


def test_a_service_that_knows_no_cancel_does_no_harm(service: Service, song: Path) -> None:
    service.never_done = True
    service.fail("DELETE", "jobs", status(500))
    with pytest.raises(Cancelled):
        separated(a_remote(service.url), song, Stopping("processing", Cancelled("Stop.")))
    assert kept(song) == []


def test_a_worker_that_goes_leaves_the_remote_job_for_the_next(
    service: Service, song: Path
) -> None:
    service.never_done = True
    with pytest.raises(WorkerLost):
        separated(a_remote(service.url), song, Stopping("processing", WorkerLost("Gone.")))
    assert service.requests("DELETE", "jobs") == []
    service.never_done = False
    assert_same(separated(a_remote(service.url), song), song)
    assert len(service.uploads) == 1
    assert kept(song) == []


def test_a_killed_process_leaves_the_remote_job_for_the_next(service: Service, song: Path) -> None:
    service.never_done = True
    process = subprocess.Popen([sys.executable, "-c", KILLED, service.url, str(song)], cwd=ROOT)
    service.wait_for("GET", "jobs")
    process.kill()
    process.wait()
    service.never_done = False
    assert_same(separated(a_remote(service.url), song), song)
    assert len(service.uploads) == 1


def test_what_is_kept_holds_no_secret_and_no_name(service: Service, song: Path) -> None:
    service.never_done = True
    with pytest.raises(WorkerLost):
        separated(a_remote(service.url), song, Stopping("processing", WorkerLost("Gone.")))
    (file,) = kept(song)
    text = file.read_text()
    assert TOKEN not in text
    assert "song" not in text
    (asked,) = json.loads(text)["asked"]
    assert asked["job_id"] and asked["request_id"]


@pytest.mark.parametrize(
    "options", [{"stems": ("bass",)}, {"shifts": 2}, {"model": "htdemucs"}, {"overlap": 0.5}]
)
def test_another_question_is_asked_anew(
    service: Service, song: Path, options: dict[str, Any]
) -> None:
    service.never_done = True
    with pytest.raises(WorkerLost):
        separated(a_remote(service.url), song, Stopping("processing", WorkerLost("Gone.")))
    service.never_done = False
    separated(a_remote(service.url, **options), song)
    assert len(service.uploads) == 2


def test_a_remote_job_that_is_gone_is_asked_for_anew(service: Service, song: Path) -> None:
    service.never_done = True
    with pytest.raises(WorkerLost):
        separated(a_remote(service.url), song, Stopping("processing", WorkerLost("Gone.")))
    service.forget(json.loads(kept(song)[0].read_text())["asked"][0]["job_id"])
    service.never_done = False
    assert_same(separated(a_remote(service.url), song), song)
    assert len(service.uploads) == 2


def test_a_remote_job_that_failed_meanwhile_is_asked_for_anew(service: Service, song: Path) -> None:
    service.never_done = True
    with pytest.raises(WorkerLost):
        separated(a_remote(service.url), song, Stopping("processing", WorkerLost("Gone.")))
    service.never_done = False
    service.fail("GET", "jobs", status(200, b'{"job_id": "1", "status": "failed"}'))
    assert_same(separated(a_remote(service.url), song), song)


def test_damaged_notes_are_as_good_as_none(service: Service, song: Path) -> None:
    service.never_done = True
    with pytest.raises(WorkerLost):
        separated(a_remote(service.url), song, Stopping("processing", WorkerLost("Gone.")))
    kept(song)[0].write_text("{")
    service.never_done = False
    assert_same(separated(a_remote(service.url), song), song)


def test_a_failed_errand_is_given_up_there_too(service: Service, song: Path) -> None:
    service.withhold = {n: {"bass"} for n in range(1, 10)}
    with pytest.raises(RemoteFailed):
        separated(a_remote(service.url), song)
    assert len(service.requests("DELETE", "jobs")) == 3
    assert kept(song) == []
