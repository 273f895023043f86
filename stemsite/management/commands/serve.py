"""``manage.py serve``: everything that one host needs, until Ctrl-C."""

import hashlib
import importlib.metadata
import os
import socket
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from jobs.services.room import tend_reserve
from stemsite.lost_database import lost_database
from stemsite.setup import setup_path
from stemsite.supervisor import Child, Supervisor


class Command(BaseCommand):
    help = "Migrate, collect static files, and run the web server and the worker until Ctrl-C."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--host", default=settings.HOST, help="address to listen on")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port to listen on")
        parser.add_argument("--no-worker", action="store_true", help="web server only")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        self._check_port(host, port)
        tend_reserve()
        self._check_database()
        call_command("migrate", interactive=False, verbosity=0)
        collect_static()
        children = [Child("web server", web_command(host, port), web_environment())]
        if not options["no_worker"]:
            children.append(Child("worker", [sys.executable, "manage.py", "stemworker"]))
        os.chdir(settings.BASE_DIR)
        # Longer than the worker's own limit, so that it can say what it had to kill.
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
    """Hashing and compressing takes seconds, so it is skipped when nothing has changed."""
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


def web_command(host: str, port: int) -> list[str]:
    """gunicorn with threads: an upload or download holds a thread, not a process."""
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return [
        sys.executable, "-m", "gunicorn", "stemsite.wsgi:application",
        "--bind", bind, "--worker-class", "gthread", "--workers", "1",
        "--threads", str(settings.WEB_THREADS), "--timeout", "120",
        "--log-level", "warning", "--access-logfile", str(settings.LOG_DIR / "access.log"),
        "--logger-class", "stemsite.weblog.BoundedLog",
    ]  # fmt: skip


def web_environment() -> dict[str, str]:
    """Each thread would keep an arena of freed memory of its own: of what 20 uploads at once took,
    half was that."""
    return {"MALLOC_ARENA_MAX": "2", **os.environ}


def static_fingerprint() -> str:
    """Changes when a static file of ours or a package that brings some has changed."""
    digest = hashlib.sha256()
    for file in sorted((settings.BASE_DIR / "static").rglob("*")):
        if file.is_file():
            facts = file.stat()
            digest.update(f"{file} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    for package in ("django", "drf-spectacular-sidecar", "django-htmx", "djangorestframework"):
        digest.update(f"{package} {importlib.metadata.version(package)}\n".encode())
    return digest.hexdigest()
