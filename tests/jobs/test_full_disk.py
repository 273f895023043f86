"""With 0 bytes free people sign in, read, download and delete; ``/health`` says what is wrong.

A small tmpfs where the kernel lets us mount one. Elsewhere a limit on the size of files, 0 bytes,
which the kernel enforces on the web server and which gives room back when a file of the reserve
goes, as a disk does.
"""

import contextlib
import resource
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from jobs.services.storage.disk_space import PIECE_BYTES
from tests.factories import PASSWORD
from tests.web_server import WebServer

pytestmark = pytest.mark.slow

LITTLE_BYTES = 72 << 20

_FILL = """
from tests.factories import make_artifact, make_job, make_user
from jobs.models import ApiToken
user = make_user("owner")
for _ in range(2):
    job = make_job(owner=user, status="completed", manifest={"job_id": "1"})
    make_artifact(job)
    print("job", job.pk)
print("token", ApiToken.objects.create(user=user)[1])
"""


@dataclass
class Disk:
    folder: Path
    is_mount: bool
    _watching: list[threading.Thread] = field(default_factory=list)

    def fill(self, server: WebServer) -> None:
        if self.is_mount:
            block = bytes(1 << 16)
            with contextlib.suppress(OSError), (self.folder / "other").open("ab", 0) as other:
                while other.write(block):
                    pass
            with contextlib.suppress(OSError), (self.folder / "rest").open("ab", 0) as rest:
                while rest.write(b"x"):
                    pass
            return
        limit(server, 0)
        thread = threading.Thread(target=self._give_room, args=(server, self.pieces()), daemon=True)
        thread.start()

    def pieces(self) -> int:
        return len(list((self.folder / "reserve").glob("*")))

    def _give_room(self, server: WebServer, before: int) -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until and self.pieces() >= before:
            time.sleep(0.005)
        limit(server, resource.RLIM_INFINITY)


def limit(server: WebServer, most: int) -> None:
    for pid in server.gunicorns():
        with contextlib.suppress(ProcessLookupError):
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))


@pytest.fixture(params=["a tmpfs", "a limit on files"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "site"
    folder.mkdir()
    wanted = request.param == "a tmpfs"
    mount = ["mount", "-t", "tmpfs", "-o", f"size={LITTLE_BYTES}", "tmpfs", str(folder)]
    mounted = wanted and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    yield Disk(folder, mounted)
    if mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def server(disk: Disk) -> Iterator[WebServer]:
    server = WebServer(
        disk.folder,
        STEMSITE_RESERVE_BYTES=str(2 * PIECE_BYTES),
    )
    server.start()
    yield server
    server.stop()


def sign_in(address: str) -> Any:
    client = httpx2.Client(base_url=address, follow_redirects=False, timeout=60)
    client.get("/accounts/login/")
    form = {"login": "owner", "password": PASSWORD}
    headers = {"Referer": f"{address}/accounts/login/"}
    token = client.cookies["csrftoken"]
    answer = client.post(
        "/accounts/login/", data={**form, "csrfmiddlewaretoken": token}, headers=headers
    )
    return client, answer


def test_a_full_disk_lets_people_in_read_download_and_delete(disk: Disk, server: WebServer) -> None:
    said = [line.split() for line in server.manage("shell", "-v0", "-c", _FILL).splitlines()]
    jobs = [row[1] for row in said if row[:1] == ["job"]]
    token = next(row[1] for row in said if row[:1] == ["token"])
    assert disk.pieces() == 2
    disk.fill(server)

    with httpx2.Client(base_url=server.address, timeout=60) as anybody:
        health = anybody.get("/health").json()
    assert health["status"] == "degraded"
    assert health["reasons"][0].startswith("The disk of the data directory is full")

    client, answer = sign_in(server.address)
    assert answer.status_code == 302, answer.text
    assert client.get(f"/jobs/{jobs[0]}/").status_code == 200
    track = client.get(f"/jobs/{jobs[0]}/tracks/vocals/")
    assert track.status_code == 200
    assert client.get("/jobs/").status_code == 200

    program = httpx2.Client(
        base_url=server.address, headers={"Authorization": f"Token {token}"}, timeout=60
    )
    assert program.delete(f"/api/v1/jobs/{jobs[0]}").status_code == 204
    assert not (disk.folder / "outputs" / jobs[0]).exists()
    assert disk.pieces() < 2
