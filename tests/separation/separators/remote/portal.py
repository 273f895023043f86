"""A second stemsite on loopback: its own data directory, database, worker and port."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2

from tests.ready_site import lay_out

ROOT = Path(__file__).resolve().parents[4]
PATIENCE_S = 180.0
"""For a machine that is busy with other tests; what is waited for is polled."""

PASSWORD = "a long enough passphrase"
MAKE_TOKEN = f"""
from django.contrib.auth import get_user_model
from jobs.models import ApiToken
user = get_user_model().objects.create_user("laptop", "laptop@example.org", "{PASSWORD}")
print("TOKEN=" + ApiToken.objects.create(user)[1])
"""


class Portal:
    def __init__(self, data_dir: Path, port: int | None = None, **environment: str) -> None:
        lay_out(data_dir)
        self.url = f"http://127.0.0.1:{port or free_port()}"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "stemsite.settings",
            "STEMSITE_DATA_DIR": str(data_dir),
            "STEMSITE_PORT": self.url.rsplit(":", 1)[1],
            "STEMSITE_MIN_FREE_BYTES": "1000000",
            "STEMSITE_OFFLINE": "1",
            "STEMSITE_RESERVE_BYTES": "0",
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        self._log = data_dir / "portal.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_it_works()
        self.token = self.manage("shell", "-c", MAKE_TOKEN).split("TOKEN=")[1].split()[0]

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def get(self, path: str) -> Any:
        answer = httpx2.get(
            f"{self.url}/api/v1/{path}", headers=self._authorized(), timeout=PATIENCE_S
        )
        answer.raise_for_status()
        return answer.json()

    def download(self, path: str) -> bytes:
        answer = httpx2.get(
            f"{self.url}/api/v1/{path}", headers=self._authorized(), timeout=PATIENCE_S
        )
        answer.raise_for_status()
        return answer.content

    def jobs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("jobs")["results"]
        return found

    def wait_for(self, *statuses: str) -> dict[str, Any]:
        """The newest job, once it has one of these."""
        deadline = time.monotonic() + PATIENCE_S
        while not (jobs := self.jobs()) or jobs[0]["status"] not in statuses:
            assert time.monotonic() < deadline, (jobs, self.log()[-3000:])
            time.sleep(0.1)
        return jobs[0]

    def log(self) -> str:
        return self._log.read_text()

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)

    def _authorized(self) -> dict[str, str]:
        return {"Authorization": f"Token {self.token}"}

    def _wait_until_it_works(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                if (
                    httpx2.get(f"{self.url}/api/v1/health", timeout=PATIENCE_S).json()["status"]
                    == "ok"
                ):
                    return
            except (httpx2.TransportError, ValueError):
                pass
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
