"""A site that is migrated and has its static files, made once in a run of the tests and copied.

A migration of an empty database takes seconds of processor time; there are dozens of sites.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from django.core.management import call_command
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "stemsite.sqlite3"
STATIC = "staticfiles"
shared: Path | None = None
"""A folder that all processes of this run of the tests can reach; none outside such a run."""

_STATIC = """
import django
django.setup()
from stemsite.management.commands.serve import collect_static
collect_static()
"""


def lay_out(data_dir: Path) -> None:
    """Put a migrated SQLite database and the static files into ``data_dir``, unless they are
    there: a site may be started again."""
    if (data_dir / DATABASE).exists():
        return
    data_dir.mkdir(parents=True, exist_ok=True)
    if shared is None:
        _make(data_dir)
        return
    ready = shared / "ready-site"
    with (shared / "ready-site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            unready = shared / "unready-site"
            _make(unready)
            unready.rename(ready)
    shutil.copyfile(ready / DATABASE, data_dir / DATABASE)
    # Linked, as they are hundreds and nobody writes into one that is there.
    shutil.copytree(ready / STATIC, data_dir / STATIC, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        # On a disk of its own.
        shutil.copyfile(source, target)


def migrate_if_empty() -> None:
    """Of a process of a site; one that was laid out has its tables already."""
    if "django_migrations" not in connection.introspection.table_names():
        call_command("migrate", interactive=False, verbosity=0)


def migrate(database_url: str) -> None:
    """An empty database of a server."""
    with tempfile.TemporaryDirectory() as folder:
        where = {"STEMSITE_DATABASE_URL": database_url, "STEMSITE_DATA_DIR": folder}
        _run("manage.py", "migrate", "-v0", **where)


def _make(data_dir: Path) -> None:
    _run("manage.py", "migrate", "-v0", STEMSITE_DATA_DIR=str(data_dir))
    _run("-c", _STATIC, STEMSITE_DATA_DIR=str(data_dir))


def _run(*arguments: str, **settings_of_site: str) -> None:
    inherited = {name: value for name, value in os.environ.items() if "STEMSITE" not in name}
    environment = {**inherited, "DJANGO_SETTINGS_MODULE": "stemsite.settings", **settings_of_site}
    command = [sys.executable, *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
