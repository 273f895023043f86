"""A whole site of its own: folders, database, a client, and clusters that are kept running."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos.processes import Process, Role, descendants, hit, roles
from tests.ready_site import lay_out
from tests.separation.fakes import plug_in

ROOT = Path(__file__).resolve().parents[2]

LEASE_S = 10
"""The shortest that the settings allow."""
HEARTBEAT_S = 3
RESUME_S = LEASE_S + 60
"""What is promised: a job that lost its worker goes on within this."""
ENDED = ("completed", "failed", "cancelled")


class DatabaseAway(Exception):
    """The database did not answer the client."""


class Client:
    def __init__(self, environment: dict[str, str], log: Path) -> None:
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.client"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )

    def call(self, name: str, **arguments: Any) -> Any:
        self.ask(name, **arguments)
        return self.answer()

    def ask(self, name: str, **arguments: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, arguments]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """Raises ``DatabaseAway``."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError("the client died; its log says why")
        answer = json.loads(line)
        if "away" in answer:
            raise DatabaseAway(answer["away"])
        return answer["done"]

    def close(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(90)


class Cluster:
    """One ``manage.py stemworker`` under a supervisor that starts it anew whenever it ends."""

    def __init__(self, environment: dict[str, str], log: Path, **its_own: str) -> None:
        """``its_own``: variables for the command, and not for its supervisor."""
        self.log = log
        self.starts = 0
        self.codes: list[int] = []
        self.main: int | None = None
        # `env` becomes the command: the process keeps its number.
        command = ["/usr/bin/env", *(f"{name}={value}" for name, value in its_own.items())]
        command += [sys.executable, str(ROOT / "manage.py"), "stemworker"]
        self._supervisor = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.supervisor", str(log), *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._supervisor.stdout is not None
        for line in self._supervisor.stdout:
            event = json.loads(line)
            if "started" in event:
                self.main, self.starts = event["started"], self.starts + 1
            else:
                self.codes.append(event["code"])

    def processes(self) -> dict[Process, Role]:
        """Everything below the supervisor that lives, parents before children."""
        below = descendants(self._supervisor.pid)
        known = roles(below, self.main)
        return {process: known[process.pid] for process in below}

    def of_role(self, role: Role) -> list[Process]:
        return [process for process, its in self.processes().items() if its == role]

    def signal_all(self, number: signal.Signals) -> list[Role]:
        """To every process at once, as a service manager does with a control group."""
        return [role for process, role in self.processes().items() if hit(process, number)]

    def _say(self, word: str) -> None:
        assert self._supervisor.stdin is not None
        self._supervisor.stdin.write(word + "\n")
        self._supervisor.stdin.flush()

    def stop(self) -> None:
        """Ask it to end, and do not start it again."""
        self._say("stop")

    def start(self) -> None:
        self._say("start")

    def close(self) -> None:
        assert self._supervisor.stdin is not None
        self._supervisor.stdin.close()
        self._supervisor.wait(60)


class ChaosSite:
    """``database_url`` None: SQLite."""

    def __init__(
        self, root: Path, database_url: str | None, *, workers: int = 1, **environment: str
    ) -> None:
        self.root = root
        self.database_url = database_url
        self.scratch = root / "scratch"
        self.scratch.mkdir(parents=True)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("STEMSITE_")}
        self.environment = {
            **inherited,
            "DJANGO_SETTINGS_MODULE": "stemsite.settings",
            "STEMSITE_DATA_DIR": str(root / "data"),
            "STEMSITE_DATABASE_URL": database_url or "",
            "STEMSITE_WORKERS": str(workers),
            "STEMSITE_LEASE_S": str(LEASE_S),
            "STEMSITE_HEARTBEAT_S": str(HEARTBEAT_S),
            "STEMSITE_BACKOFF_S": "0.5",
            "STEMSITE_MIN_FREE_BYTES": "1000000",
            "STEMSITE_MAX_ACTIVE_JOBS": "100000",
            "STEMSITE_OFFLINE": "1",
            "STEMSITE_RESERVE_BYTES": "0",
            "STEMSITE_FRONT_DEMO": "0",
            "STEMSITE_ENGINE": "torch",
            "PYTHONPATH": plug_in(root),
            "TMPDIR": str(self.scratch),
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        if not database_url:
            lay_out(root / "data")
        self.clusters: list[Cluster] = []
        self.client = Client(self.environment, root / "client.log")
        self.client.call("set_up")

    def start_cluster(self, **environment: str) -> Cluster:
        log = self.root / f"worker-{len(self.clusters)}.log"
        cluster = Cluster(self.environment, log, **environment)
        self.clusters.append(cluster)
        return cluster

    def extra_client(self) -> Client:
        return Client(self.environment, self.root / "client.log")

    def call(self, name: str, **arguments: Any) -> Any:
        """Patient with a database that is away."""
        for _ in range(60):
            try:
                return self.client.call(name, **arguments)
            except DatabaseAway:
                time.sleep(0.5)
        raise AssertionError("the database stayed away")

    def running(self) -> list[dict[str, Any]]:
        return [job for job in self.call("look") if job["status"] == "processing"]

    def wait_for(self, what: Callable[[], Any], within_s: float, doing: str = "") -> Any:
        """Poll until ``what`` gives something true, and return that."""
        deadline = time.monotonic() + within_s
        while not (found := what()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {within_s:.0f} s: {doing}\n{self.story()}")
            time.sleep(0.15)
        return found

    def wait_for_job(
        self, job_id: str, is_so: Callable[[dict[str, Any]], bool], within_s: float
    ) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            (job,) = (job for job in self.call("look") if job["id"] == job_id)
            return job if is_so(job) else None

        found: dict[str, Any] = self.wait_for(look, within_s, f"job {job_id}")
        return found

    def wait_until_claimed(self, job_id: str, attempt: int, within_s: float) -> dict[str, Any]:
        """By its ``attempt``-th try at the latest."""
        return self.wait_for_job(job_id, lambda job: job["attempt"] >= attempt, within_s)

    def wait_until_separating(self, job_id: str, within_s: float = 30.0) -> dict[str, Any]:
        return self.wait_for_job(
            job_id, lambda job: (job["status"], job["stage"]) == ("processing", "separation"),
            within_s,
        )  # fmt: skip

    def wait_until_ended(self, job_id: str, within_s: float) -> dict[str, Any]:
        return self.wait_for_job(job_id, lambda job: job["status"] in ENDED, within_s)

    def all_ended(self) -> bool:
        return all(job["status"] in ENDED for job in self.call("look"))

    def stop_all(self) -> None:
        """SIGTERM, as at the end of a service; every process must go by itself."""
        for cluster in self.clusters:
            cluster.stop()
        self.wait_for(lambda: not self.living(), 40.0, "processes are left after the end")

    def living(self) -> dict[Process, Role]:
        return {p: role for each in self.clusters for p, role in each.processes().items()}

    def strays(self) -> list[Process]:
        return [process for process, role in self.living().items() if role == Role.STRAY]

    def left_lying(self) -> list[str]:
        """Temporary files and folders outside the jobs' own folders."""
        data = self.root / "data"
        places = [self.scratch, data / "tmp", data / "uploads" / "incoming"]
        return [str(p) for place in places if place.is_dir() for p in place.iterdir()]

    def faults(self) -> list[str]:
        """Call it once nothing works any more."""
        found: list[str] = self.call("faults")
        return found + [f"left {path}" for path in self.left_lying()]

    def story(self) -> str:
        """What a failed check needs to tell."""
        told = [f"{process} {role}" for process, role in self.living().items()]
        with contextlib.suppress(AssertionError, DatabaseAway):
            told += [str(job) for job in self.client.call("look")]
        for cluster in self.clusters:
            if cluster.log.exists():
                told += [f"--- {cluster.log.name}", cluster.log.read_text()[-6000:]]
        return "\n".join(told)

    def close(self) -> None:
        for cluster in self.clusters:
            cluster.close()
        self.client.close()
