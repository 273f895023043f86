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
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


class LiveSite:
    def __init__(self, data_dir: Path) -> None:
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "stemsite.settings",
            "STEMSITE_DATA_DIR": str(data_dir),
            "STEMSITE_MIN_FREE_BYTES": "1000000",
            "STEMSITE_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
        }
        self.log = data_dir / "worker.log"
        self.worker: subprocess.Popen[bytes] | None = None
        self._client = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.queue.live_site"],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def call(self, name: str, **arguments: Any) -> Any:
        assert self._client.stdin is not None and self._client.stdout is not None
        self._client.stdin.write(json.dumps([name, arguments]) + "\n")
        self._client.stdin.flush()
        return json.loads(self._client.stdout.readline())

    def start_worker(self) -> None:
        with self.log.open("ab") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "manage.py", "stemworker"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def close(self) -> None:
        if self.worker is not None and self.worker.poll() is None:
            self.worker.terminate()
            self.worker.wait(20)
        assert self._client.stdin is not None
        self._client.stdin.close()
        self._client.wait(20)

    def wait_for(
        self, job_id: str, is_so: Callable[[dict[str, Any]], bool], timeout_s: float = 20.0
    ) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        while not is_so(job := self.call("look", job_id=job_id)):
            ended = job["status"] in ("completed", "failed")
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"still {job}\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)
        return job

    def processes(self) -> dict[int, str]:
        """Every process of this site's worker, by its environment: orphans are found too."""
        mine = f"STEMSITE_DATA_DIR={self.environment['STEMSITE_DATA_DIR']}".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                variables = (folder / "environ").read_bytes().split(b"\0")
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if mine in variables and ("stemworker" in command or "separation." in command):
                found[int(folder.name)] = command
        return found

    def runner_pid(self) -> int:
        (pid,) = (pid for pid, name in self.processes().items() if "separation.runner" in name)
        return pid


def _set_up() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _create(*, seconds: float) -> str:
    from jobs.services.create import create_job, receive_source
    from separation.request import SeparationRequest
    from tests.factories import make_user, wav_bytes

    owner = make_user()
    source = receive_source(owner=owner, name="Live.wav", chunks=[wav_bytes(seconds)])
    request = SeparationRequest(separator="spectral", stages=("separation",), format="wav16")
    return str(create_job(owner=owner, source=source, request=request).pk)


def _cancel(*, job_id: str) -> None:
    from jobs.models import Job
    from jobs.services.cancel import cancel_job

    cancel_job(job=Job.objects.get(pk=job_id))


def _steal(*, job_id: str) -> None:
    """What the reaper of another host does to a worker that it believes lost."""
    from jobs.models import Job
    from jobs.queue.lease import Lease
    from jobs.queue.outcome import give_back

    give_back(Lease(Job.objects.get(pk=job_id)))


def _look(*, job_id: str) -> dict[str, Any]:
    from jobs.models import Job

    job = Job.objects.get(pk=job_id)
    return {
        "status": job.status,
        "attempt": job.attempt,
        "error": job.error_code,
        "stage": job.progress_stage,
        "manifest": job.manifest.get("status"),
        "stages": {stage.name: stage.status for stage in job.stages.all()},
        "files": {artifact.name: artifact.file.is_file() for artifact in job.artifacts.all()},
        "directory": str(job.directory),
    }


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
        "cancel": _cancel,
        "steal": _steal,
        "look": _look,
        "health": _health,
    }
    for line in sys.stdin:
        name, arguments = json.loads(line)
        sys.stdout.write(json.dumps(calls[name](**arguments)) + "\n")  # type: ignore[operator]
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
