"""``manage.py serve``: runs every process of the site on one host until Ctrl-C."""

import hashlib
import importlib.metadata
import os
import socket
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from jobs.services.storage.disk_space import maintain_reserve
from stemsite.gateway.limits import Limits
from stemsite.lost_database import lost_database
from stemsite.setup import setup_path
from stemsite.supervisor import Child, Supervisor

SOCKET_NAME_BYTES = 100
"""The longest path of a socket: Linux allows 107 bytes, other systems 103."""


class Command(BaseCommand):
    help = "Migrate, collect static files, and run the web server and the worker until Ctrl-C."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--host", default=settings.HOST, help="address to listen on")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port to listen on")
        parser.add_argument("--no-worker", action="store_true", help="web server only")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        self._check_port(host, port)
        maintain_reserve()
        self._check_database()
        call_command("migrate", interactive=False, verbosity=0)
        collect_static()
        upstream = socket_path(settings.DATA_DIR, port)
        children = [
            Child("web server", web_command(upstream), web_environment()),
            Child("gateway", gateway_command(host, port, upstream), gateway_environment()),
        ]
        if not options["no_worker"]:
            children.append(Child("worker", [sys.executable, "manage.py", "stemworker"]))
        os.chdir(settings.BASE_DIR)
        # Longer than the worker's own limit, so that the worker can log what it had to kill.
        Supervisor(children, grace_s=settings.DRAIN_S + 8.0).run(
            is_ready=lambda: listens(host, port), on_ready=lambda: self._announce(host, port)
        )
        self.stdout.write("stemsite has stopped.")

    def _check_database(self) -> None:
        try:
            fault = lost_database()
        except OperationalError as error:
            raise CommandError(
                f"the database cannot be reached: {error}. Is STEMSITE_DATABASE_URL right, and "
                "does its server run?"
            ) from None
        if fault:
            raise CommandError(fault)

    def _check_port(self, host: str, port: int) -> None:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CommandError(
                    f"cannot listen on {host} port {port}: {error.strerror}. Is stemsite running "
                    "already? Choose another port with STEMSITE_PORT or --port."
                ) from None

    def _announce(self, host: str, port: int) -> None:
        shown = "localhost" if host in ("0.0.0.0", "::", "127.0.0.1") else host
        address = settings.PUBLIC_URL.rstrip("/") or f"http://{shown}:{port}"
        self.stdout.write(f"\nstemsite runs at {address}/  (Ctrl-C stops it)")
        path = setup_path()
        if path:
            self.stdout.write(f"Make the first administrator (works once): {address}{path}")
        self.stdout.flush()


def collect_static() -> None:
    """Collect the static files, which takes seconds, only if one of them has changed."""
    stamp = Path(settings.STATIC_ROOT) / ".fingerprint"
    fingerprint = static_fingerprint()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == fingerprint:
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(fingerprint, encoding="ascii")


def listens(host: str, port: int) -> bool:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        with socket.create_connection((reachable, port), timeout=0.5):
            return True
    except OSError:
        return False


def web_command(upstream: Path) -> list[str]:
    """gunicorn with threads; only the gateway's account may connect to its socket."""
    return [
        sys.executable, "-m", "gunicorn", "stemsite.gateway.wsgi:application",
        "--bind", f"unix:{upstream}", "--umask", "0o077",
        "--worker-class", "gthread", "--workers", "1",
        "--threads", str(settings.WEB_THREADS), "--timeout", "120",
        "--log-level", "warning", "--access-logfile", str(settings.LOG_DIR / "access.log"),
        "--logger-class", "stemsite.weblog.BoundedLog",
    ]  # fmt: skip


def gateway_command(host: str, port: int, upstream: Path) -> list[str]:
    return [
        sys.executable, "-m", "stemsite.gateway", "--host", host, "--port", str(port),
        "--upstream", str(upstream), "--limits", gateway_limits().to_json(),
    ]  # fmt: skip


def gateway_limits() -> Limits:
    return Limits(
        header_s=settings.HEADER_S,
        idle_s=settings.IDLE_S,
        header_bytes=settings.MAX_HEADER_BYTES,
        buffer_bytes=settings.BUFFER_BYTES,
        pace_s=settings.PACE_S,
        pace_bytes_per_s=settings.PACE_BYTES_PER_S,
        give_way_s=settings.GIVE_WAY_S,
        connections=settings.MAX_CONNECTIONS,
        address_connections=settings.ADDRESS_CONNECTIONS,
        threads=settings.WEB_THREADS,
        address_threads=settings.ADDRESS_THREADS,
        queue_s=settings.QUEUE_S,
        drain_s=settings.DRAIN_S,
        proxies=tuple(map(str, settings.PROXY_NETWORKS)) if settings.TRUST_PROXY else (),
    )


def socket_path(data_dir: Path, port: int) -> Path:
    """The path of gunicorn's socket; a shorter one if DATA_DIR is too long for unix(7)."""
    name = f"web-{port}.sock"
    if len(os.fsencode(data_dir / name)) <= SOCKET_NAME_BYTES:
        return data_dir / name
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"stemsite-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise CommandError(
            f"{folder} belongs to somebody else. Choose a shorter STEMSITE_DATA_DIR."
        )
    return folder / name


def web_environment() -> dict[str, str]:
    """Limits malloc's arenas: each thread would keep one, which was half of the memory of 20
    uploads at once."""
    return {"MALLOC_ARENA_MAX": "2", **os.environ}


def gateway_environment() -> dict[str, str]:
    """Lets malloc keep freed blocks: the gateway allocates 256 KB thousands of times a second, and
    returning each block to the kernel would double the processor time of uploads."""
    kept = {"MALLOC_MMAP_THRESHOLD_": "4194304", "MALLOC_TRIM_THRESHOLD_": "33554432"}
    return {**kept, "MALLOC_TOP_PAD_": "16777216", **os.environ}


def static_fingerprint() -> str:
    """Changes with our static files, and with the packages that have some."""
    digest = hashlib.sha256()
    for file in sorted((settings.BASE_DIR / "static").rglob("*")):
        if file.is_file():
            status = file.stat()
            digest.update(f"{file} {status.st_size} {status.st_mtime_ns}\n".encode())
    for package in ("django", "drf-spectacular-sidecar", "django-htmx", "djangorestframework"):
        digest.update(f"{package} {importlib.metadata.version(package)}\n".encode())
    return digest.hexdigest()
