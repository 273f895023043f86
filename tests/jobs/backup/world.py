"""A site with jobs of every kind, in a folder of its own."""

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.ready_site import lay_out

ROOT = Path(__file__).resolve().parents[3]

_FILL = """
from jobs.models import ApiToken, Job
from tests.factories import make_artifact, make_job, make_source, make_user
for name in ("ann", "ben"):
    user = make_user(name, is_superuser=name == "ann", is_staff=name == "ann")
    print("token", name, ApiToken.objects.create(user=user)[1])
    source = make_source(owner=user, original_name=f"{name}.wav")
    for status in ("completed", "failed", "pending"):
        job = make_job(owner=user, source=source, status=status, manifest={"job": name + status})
        job.directory.mkdir(parents=True)
        (job.directory / "manifest.json").write_text("{}")
        if status == "completed":
            make_artifact(job, "vocals")
            make_artifact(job, "drums")
            (job.directory / "listen").mkdir()
            (job.directory / "listen" / "index.json").write_text("{}")
            (job.directory / "work").mkdir()
            (job.directory / "work" / "draft").write_text("unfinished")
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Site:
    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        inherited = {name: value for name, value in os.environ.items() if "STEMSITE" not in name}
        self.environment = {
            **inherited,
            "DJANGO_SETTINGS_MODULE": "stemsite.settings",
            "STEMSITE_DATA_DIR": str(data_dir),
            "STEMSITE_OFFLINE": "1",
            "STEMSITE_RESERVE_BYTES": "0",
            **environment,
        }

    @property
    def database(self) -> Path:
        return self.data_dir / "stemsite.sqlite3"

    def lay_out(self) -> None:
        lay_out(self.data_dir)

    def fill(self) -> dict[str, str]:
        """Tokens by name of account; each account has one job of every kind."""
        said = self.python(_FILL).stdout
        rows = [line.split() for line in said.splitlines() if line.startswith("token ")]
        return {name: token for _, name, token in rows}

    def python(self, code: str) -> "subprocess.CompletedProcess[str]":
        start = "import django; django.setup()\n"
        return self.run(sys.executable, "-c", start + code, check=True)

    def manage(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        return self.run(sys.executable, "manage.py", *arguments, check=check)

    def run(self, *command: str, check: bool) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def rows(self) -> dict[str, list[Any]]:
        """Everything that the database holds, by table."""
        with closing(sqlite3.connect(self.database)) as database:
            names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {
                name: sorted(database.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
                for (name,) in names.fetchall()
            }

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.data_dir).as_posix(): path.read_bytes()
            for folder in ("uploads", "outputs")
            for path in sorted((self.data_dir / folder).rglob("*"))
            if path.is_file()
        }
