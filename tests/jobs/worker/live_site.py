"""A site of its own for tests that need real processes: its folders, its database, its worker.

The tests' own process is bound to the test database, so a client process stands in for the web
server: it is given one line of JSON for each call and answers with another.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from tests.ready_site import lay_out, migrate_if_empty
from tests.site_processes import processes_of

ROOT = Path(__file__).resolve().parents[3]


class Client:
    """A process of the site that does what it is asked."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.worker.live_site"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, name: str, **arguments: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, arguments]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate(timeout=20)


class OwnDatabase:
    """On a database server, one beside the named one; an empty address is SQLite."""

    def __init__(self, url: str) -> None:
        self._server, self.url = url, ""
        if url:
            address, _, name = url.rpartition("/")
            self._name = f"{name}_live_{os.urandom(4).hex()}"
            self.url = f"{address}/{self._name}"
            self._execute("CREATE DATABASE {}")

    def drop(self) -> None:
        if self.url:
            self._execute("DROP DATABASE {} WITH (FORCE)")

    def _execute(self, text: LiteralString) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL(text).format(sql.Identifier(self._name)))


class LiveSite:
    def __init__(self, data_dir: Path) -> None:
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "stemsite.settings",
            "STEMSITE_DATA_DIR": str(data_dir),
            "STEMSITE_MIN_FREE_BYTES": "1000000",
            "STEMSITE_OFFLINE": "1",
            "STEMSITE_RESERVE_BYTES": "0",
            "STEMSITE_FRONT_DEMO": "0",
            "OMP_NUM_THREADS": "1",
        }
        self.log = data_dir / "worker.log"
        self.worker: subprocess.Popen[bytes] | None = None
        self._workers: list[subprocess.Popen[bytes]] = []
        self._database = OwnDatabase(os.environ.get("STEMSITE_DATABASE_URL", ""))
        self.environment["STEMSITE_DATABASE_URL"] = self._database.url
        if not self._database.url:
            lay_out(data_dir)
        self._client = Client(self.environment)

    def call(self, name: str, **arguments: Any) -> Any:
        self._client.ask(name, **arguments)
        return self._client.answer()

    def at_once(self, clients: int, name: str, **arguments: Any) -> list[Any]:
        """The same call by several processes, which wait for each other before they start."""
        others = [Client(self.environment) for _ in range(clients)]
        for other in others:
            other.ask("health")
            other.answer()
        for other in others:
            other.ask(name, **arguments)
        answers = [other.answer() for other in others]
        for other in others:
            other.close()
        return answers

    def start_worker(self, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "manage.py", "stemworker", *arguments],
                cwd=ROOT,
                env={**self.environment, **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._workers.append(self.worker)
        return self.worker

    def close(self) -> None:
        living = [worker for worker in self._workers if worker.poll() is None]
        for worker in living:
            worker.terminate()
        for worker in living:
            worker.wait(20)
        self._client.close()
        self._database.drop()

    def wait_for(
        self, job_id: str, is_so: Callable[[dict[str, Any]], bool], timeout_s: float = 20.0
    ) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        while not is_so(job := self.call("look", job_id=job_id)):
            ended = job["status"] in ("completed", "failed")
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"still {job}\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)
        return job

    def processes(self) -> dict[int, str]:
        """The commands of every process of this site's worker."""
        everything = processes_of(self.environment["STEMSITE_DATA_DIR"])
        return {
            pid: command
            for pid, command in everything.items()
            if "stemworker" in command or "separation." in command
        }

    def children(self, pid: int) -> list[int]:
        return [
            int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _parent(folder) == pid
        ]

    def runner_pid(self) -> int:
        """Between two runners there is none, or the old one beside the new, for a moment."""
        deadline = time.monotonic() + 20
        while True:
            runners = [p for p, name in self.processes().items() if "separation.runner" in name]
            if len(runners) == 1:
                return runners[0]
            assert time.monotonic() < deadline, runners
            time.sleep(0.1)


def _parent(folder: Path) -> int | None:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _set_up() -> None:
    migrate_if_empty()


def _create(*, seconds: float, who: str = "owner", **choices: Any) -> str:
    (job,) = _create_all(jobs=1, seconds=seconds, who=who, **choices)
    return job


def _create_all(
    *,
    jobs: int,
    seconds: float,
    lane: str = "interactive",
    who: str = "owner",
    separator: str = "spectral",
    model: str | None = None,
) -> list[str]:
    """So many jobs of one song."""
    from jobs.services.job.create import create_job, receive_source
    from separation.request.separation_request import SeparationRequest
    from tests.factories import make_user, wav_bytes

    owner = make_user(who, password=None)
    source = receive_source(owner=owner, name="Live.wav", chunks=[wav_bytes(seconds)])
    request = SeparationRequest(
        separator=separator, model=model, stages=("separation",), format="wav16"
    )
    made = (create_job(owner=owner, source=source, request=request, lane=lane) for _ in range(jobs))
    return [str(job.pk) for job in made]


def _cancel(*, job_id: str) -> None:
    from jobs.models import Job
    from jobs.services.job.cancel import cancel_job

    cancel_job(job=Job.objects.get(pk=job_id))


def _rerun(*, job_id: str) -> str:
    from jobs.models import Job
    from jobs.services.job.rerun import rerun_job

    return str(rerun_job(job=Job.objects.get(pk=job_id)).pk)


def _steal(*, job_id: str) -> None:
    """What the reaper of another host does to a worker that it believes lost."""
    from jobs.models import Job
    from jobs.queue.lease import Lease
    from jobs.worker.outcome import give_back

    give_back(Lease(Job.objects.get(pk=job_id)))


def _look(*, job_id: str) -> dict[str, Any]:
    from jobs.models import Job

    job = Job.objects.get(pk=job_id)
    return {
        "status": job.status,
        "attempt": job.attempt,
        "error": job.error_code,
        "stage": job.progress_stage,
        "message": job.progress_message,
        "percent": job.progress_percent,
        "manifest": job.manifest.get("status"),
        "stages": {stage.name: stage.status for stage in job.stages.all()},
        "files": {artifact.name: artifact.file.is_file() for artifact in job.artifacts.all()},
        "directory": str(job.directory),
    }


def _claim_all(*, jobs: int) -> list[str]:
    from jobs.queue.claim import claim_next

    claimed = [claim_next(worker=f"racer:{os.getpid()}") for _ in range(jobs)]
    return [str(job.pk) for job in claimed if job]


def _submit_all(*, source_id: str, jobs: int) -> int:
    """How many were accepted."""
    from jobs.models import Source
    from jobs.services.job.create import create_job
    from separation.errors import QuotaExceeded
    from separation.request.separation_request import SeparationRequest

    source, accepted = Source.objects.get(pk=source_id), 0
    for _ in range(jobs):
        try:
            create_job(
                owner=source.owner, source=source, request=SeparationRequest(separator="spectral")
            )
            accepted += 1
        except QuotaExceeded:
            pass
    return accepted


def _song(*, minutes: float) -> str:
    from tests.factories import make_source, wav_bytes

    return str(make_source(content=wav_bytes(0.1), duration_s=minutes * 60).pk)


def _open_at_once(*, threads: int, times: int) -> int:
    """The views of a link that each thread opens ``times``, as so many visitors."""
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    from jobs.services.sharing import count_view, create_link, open_link
    from tests.factories import make_artifact, make_job
    from tests.listening_files import write_listening

    job = make_job(status="completed")
    make_artifact(job, "vocals")
    write_listening(job.directory, {"vocals": np.zeros((2, 44_100), np.float32)})
    new = create_link(job=job, created_by=job.owner)

    def visit(who: int) -> None:
        for n in range(times):
            shared = open_link(new.token)
            assert shared is not None
            count_view(link=shared.link, visitor=f"{who} {n}")

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(visit, range(threads)))
    new.link.refresh_from_db()
    return new.link.views


def _save_mixer_at_once(*, threads: int, times: int) -> list[Any]:
    """Page and number of each row after every thread, as a page, has sent ``times`` states and the
    last but one again."""
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    from jobs.models import MixerState
    from jobs.services.listening.index import listening_of
    from jobs.services.mixer_state import save_mixer_state
    from tests.factories import make_job
    from tests.listening_files import write_listening

    job = make_job(status="completed")
    write_listening(job.directory, {"vocals": np.zeros((2, 44_100), np.float32)})
    listening = listening_of(job)
    assert listening is not None

    def send(page: int) -> None:
        for number in (*range(1, times + 1), times - 1):
            text = json.dumps({"page": f"{page:x}", "number": number})
            save_mixer_state(job=job, owner=job.owner, listening=listening, text=text)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(send, range(threads)))
    return [list(row) for row in MixerState.objects.values_list("page", "number")]


def _workers() -> list[dict[str, Any]]:
    from jobs.models import Worker

    fields = ("name", "cluster", "lanes", "pid", "runner_pid", "runner_memory_bytes", "devices")
    rows = Worker.objects.values(*fields, "job_id")
    return [{**row, "job_id": str(row["job_id"] or "")} for row in rows]


def _health() -> list[Any]:
    from jobs.queue.health import queue_health

    health = queue_health()
    return [health.workers_alive, health.ok]


def _serve() -> None:
    import django

    django.setup()
    calls = {
        "set_up": _set_up,
        "create": _create,
        "create_all": _create_all,
        "cancel": _cancel,
        "rerun": _rerun,
        "steal": _steal,
        "look": _look,
        "health": _health,
        "workers": _workers,
        "claim_all": _claim_all,
        "submit_all": _submit_all,
        "song": _song,
        "open_at_once": _open_at_once,
        "save_mixer_at_once": _save_mixer_at_once,
    }
    for line in sys.stdin:
        name, arguments = json.loads(line)
        sys.stdout.write(json.dumps(calls[name](**arguments)) + "\n")  # type: ignore[operator]
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
