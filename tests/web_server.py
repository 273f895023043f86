"""The site's web server as ``manage.py serve`` runs it, in a folder of its own: for tests that need
real requests, real threads and real kills."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.ready_site import lay_out
from tests.site_processes import processes_of

ROOT = Path(__file__).resolve().parent.parent
START_S = 90.0

_MAKE_TOKEN = """
from django.contrib.auth import get_user_model
from jobs.models import ApiToken
user, _ = get_user_model().objects.get_or_create(username={name!r})
print("token", ApiToken.objects.create(user=user)[1])
"""


class WebServer:
    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.address = f"http://127.0.0.1:{_free_port()}"
        self.environment = {
            **{
                name: value for name, value in os.environ.items() if not name.startswith("STEMSITE")
            },
            "STEMSITE_DATA_DIR": str(folder),
            "STEMSITE_OFFLINE": "1",
            "STEMSITE_RESERVE_BYTES": "0",
            # Rendering it takes seconds of the processor.
            "STEMSITE_FRONT_DEMO": "0",
            "STEMSITE_MIN_FREE_BYTES": "1",
            "STEMSITE_RATE_UPLOAD": "10000/hour",
            "STEMSITE_PORT": self.port,
            # Where tests run there are few cores and much to do.
            "STEMSITE_QUEUE_S": "300",
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "serve.log"

    def start(self, *, worker: bool = False) -> None:
        lay_out(self.folder)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", *([] if worker else ["--no-worker"])],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait()

    def wait(self) -> None:
        """Until it answers, also after a kill: the supervisor starts what was killed again."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.address}/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"the web server did not start:\n{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """SIGKILL to gunicorn, master and worker, in the midst of whatever they do."""
        for pid in self.gunicorns():
            os.kill(pid, signal.SIGKILL)

    def kill_supervisor(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=40)

    def token(self, name: str) -> str:
        code = _MAKE_TOKEN.format(name=name)
        lines = self.manage("shell", "-v0", "-c", code).splitlines()
        return next(line.split()[1] for line in lines if line.startswith("token "))

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def gunicorns(self) -> list[int]:
        """The processes that run Django, without the children that look at songs."""
        return self._processes(b"gunicorn", f"/web-{self.port}.sock".encode())

    def gunicorn_socket(self) -> str:
        """Where gunicorn listens for the gateway."""
        (words, *_) = (
            Path(f"/proc/{pid}/cmdline").read_text().split("\0") for pid in self.gunicorns()
        )
        return next(word for word in words if word.startswith("unix:")).removeprefix("unix:")

    def gateways(self) -> list[int]:
        return self._processes(
            b"stemsite.gateway", b"--upstream", f"/web-{self.port}.sock".encode()
        )

    def processes(self) -> dict[int, str]:
        """The commands of every process of this site."""
        return processes_of(self.folder)

    @property
    def port(self) -> str:
        return self.address.rpartition(":")[2]

    def _processes(self, *parts: bytes) -> list[int]:
        found = []
        for process in Path("/proc").iterdir():
            if not process.name.isdigit():
                continue
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if all(any(part in word for word in words) for part in parts):
                found.append(int(process.name))
        return found

    def processor_s(self, pids: list[int]) -> float:
        """What they have used of a processor since they began."""
        return sum(_processor_s(pid) for pid in pids)

    def resident_bytes(self, pids: list[int]) -> int:
        """Of some of ``gunicorns()`` and ``gateways()``: one that has just forked, to look at a
        song, shows as two."""
        return sum(_resident_bytes(pid) for pid in pids)


def _resident_bytes(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _processor_s(pid: int) -> float:
    # Behind the name in brackets: the 14th and 15th value of the line (proc(5)).
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
