"""The site as ``manage.py serve`` runs it, worker included, while its processes are killed; in the
order of the file, as one song is worked on throughout."""

import json
import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.factories import wav_bytes
from tests.stemsite.gateway.live import wait_until
from tests.web_server import WebServer

pytestmark = pytest.mark.slow

SONG_S = 60.0
"""It keeps the built-in separator busy for several seconds."""

SOON_S = 60.0
"""Half a minute is promised, of a machine on which no tests run; the lease is longer still."""


class Site:
    def __init__(self, server: WebServer) -> None:
        self.server = server
        self._token = server.token("owner")
        about = "filename=a.wav&separator=spectral&stages=separation&format=wav16"
        self._job = self._ask(f"jobs?{about}", wav_bytes(SONG_S))["job_id"]

    def job(self) -> dict[str, Any]:
        return self._ask(f"jobs/{self._job}")

    def is_separating(self, *, attempt: int) -> bool:
        job = self.job()
        assert job["status"] in ("pending", "processing"), job
        stages = {stage["name"]: stage["status"] for stage in job["stages"]}
        return bool(job["attempt"] == attempt and stages["separation"] == "processing")

    def _ask(self, what: str, body: bytes | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.server.address}/api/v1/{what}",
            data=body,
            headers={
                "Authorization": f"Token {self._token}",
                "Content-Type": "application/octet-stream",
            },
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            told: dict[str, Any] = json.loads(answer.read())
            return told


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    server = WebServer(tmp_path_factory.mktemp("site"), STEMSITE_LEASE_S="600")
    server.start(worker=True)
    yield Site(server)
    server.stop()


def test_a_job_goes_on_soon_after_every_process_of_its_worker_was_killed(site: Site) -> None:
    """Nobody is left who could give it back, and its lease has minutes to go."""
    wait_until(lambda: site.is_separating(attempt=1), SOON_S)
    for pid, command in site.server.processes().items():
        if "stemworker" in command:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    killed = time.monotonic()
    wait_until(lambda: site.is_separating(attempt=2), SOON_S)
    assert time.monotonic() - killed < SOON_S


def test_nothing_of_the_worker_outlives_a_supervisor_that_is_killed_either(site: Site) -> None:
    commands = " ".join(site.server.processes().values())
    for program in ("stemsite.gateway", "gunicorn", "stemworker", "separation.runner"):
        assert program in commands
    site.server.kill_supervisor()
    wait_until(lambda: not site.server.processes(), SOON_S)
