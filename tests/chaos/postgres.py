"""A PostgreSQL server of the tests' own: Debian's binaries, a temporary folder, a free port.

It uses nothing of a server that may run on the machine already.
"""

import fcntl
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from tests import ready_site

ACCOUNT = "stemsite"
START_WITHIN_S = 30.0


def binaries() -> Path | None:
    """The folder of the newest server here, Debian's layout first; None without one."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(found, key=lambda path: float(path.parts[-3]), default=None)
    if newest is not None:
        return newest.parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


class PostgresServer:
    def __init__(self) -> None:
        folder = binaries()
        if folder is None:
            raise FileNotFoundError("there is no PostgreSQL server on this machine")
        self._binaries = folder
        self._as_user = _not_root()
        self._home = Path(tempfile.mkdtemp(prefix="chaos-postgres-"))
        if "user" in self._as_user:
            shutil.chown(self._home, self._as_user["user"])
        self.port = _free_port()
        self._made = 0
        self._ready = False
        self._lay_out()
        self.start()

    def _lay_out(self) -> None:
        """A server with a migrated database is made once in a run of the tests, and copied."""
        if ready_site.shared is None:
            self._initialize()
            return
        ready = ready_site.shared / "ready-postgres"
        with (ready_site.shared / "ready-postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not ready.exists():
                self._initialize()
                self.start()
                self._make_ready()
                self._run("pg_ctl", "stop", "-w", "-m", "fast")
                unready = ready.with_name("unready-postgres")
                _copy(self._home / "data", unready)
                unready.rename(ready)
                return
        _copy(ready, self._home / "data")
        self._ready = True

    def _initialize(self) -> None:
        self._run("initdb", "-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--no-sync")

    def _make_ready(self) -> None:
        self._create("ready")
        ready_site.migrate(self._url("ready"))
        self._ready = True

    def start(self) -> None:
        """Returns when it answers."""
        settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=''", "fsync=off")
        options = " ".join([f"-p {self.port}", *(f"-c {setting}" for setting in settings)])
        log = str(self._home / "log")
        self._run("pg_ctl", "start", "-w", "-t", str(int(START_WITHIN_S)), "-l", log, "-o", options)

    def stop_immediately(self) -> None:
        """As if its machine had lost power, but for what the kernel still writes."""
        self._run("pg_ctl", "stop", "-m", "immediate")

    def new_database(self) -> str:
        """The URL of a database that is migrated and empty."""
        if not self._ready:
            self._make_ready()
        self._made += 1
        name = f"chaos_{self._made}"
        self._create(f"{name} TEMPLATE ready")
        return self._url(name)

    def empty_database(self) -> str:
        """The URL of a database without tables."""
        self._made += 1
        self._create(f"chaos_{self._made}")
        return self._url(f"chaos_{self._made}")

    def _create(self, what: str) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {what}")

    def close(self) -> None:
        self.stop_immediately()
        shutil.rmtree(self._home)

    def _url(self, name: str) -> str:
        return f"postgres://{ACCOUNT}@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        result = subprocess.run(
            [str(self._binaries / program), "-D", str(self._home / "data"), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=(log := tempfile.TemporaryFile()),  # noqa: SIM115  a pipe would stay open
            stderr=subprocess.STDOUT,
            cwd="/",
            check=False,
            **self._as_user,
        )
        log.seek(0)
        if result.returncode:
            raise RuntimeError(f"{program} ended with {result.returncode}: {log.read().decode()}")
        log.close()


def _copy(source: Path, target: Path) -> None:
    """With its owner, as PostgreSQL wants no other."""
    subprocess.run(["cp", "-a", source, target], check=True)


def _not_root() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: the account of Debian's package then, or nobody."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise RuntimeError("root cannot run PostgreSQL, and there is no account `postgres` or `nobody`")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
