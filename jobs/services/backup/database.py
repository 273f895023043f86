"""Saves the database to one file, as of one moment, while the site runs."""

import os
import shutil
import sqlite3
import subprocess
import uuid
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from jobs.models import Artifact, Job, Source
from jobs.services.backup.layout import BackupFailed, flush

SQLITE_FILE = "database.sqlite3"
POSTGRES_FILE = "database.pgdump"

Query = Callable[[str], Iterable[Any]]


@dataclass(frozen=True)
class Contents:
    """The contents of the saved database: jobs, songs with their sizes, and the sizes of results
    by (job, path in its folder)."""

    jobs: frozenset[uuid.UUID]
    songs: dict[uuid.UUID, int]
    results: dict[tuple[uuid.UUID, str], int]
    migrations: tuple[str, ...]


def database_file() -> str:
    """The name of the database's file in a backup of this site."""
    return {"sqlite": SQLITE_FILE, "postgresql": POSTGRES_FILE}[_vendor()]


def save_database(file: Path) -> Contents:
    """Write the whole database to ``file``. Raises ``BackupFailed``."""
    return _save_sqlite(file) if _vendor() == "sqlite" else _save_postgres(file)


def _vendor() -> str:
    if connection.vendor not in ("sqlite", "postgresql"):
        raise BackupFailed(
            f"A database of {connection.vendor} cannot be saved here. Use its own tools."
        )
    return connection.vendor


def _save_sqlite(file: Path) -> Contents:
    connection.ensure_connection()
    with closing(sqlite3.connect(file)) as copy:
        try:
            # All pages in one step: a reader of the write-ahead log sees one moment and blocks no
            # writer.
            connection.connection.backup(copy, pages=-1)
            # The copy is one file, complete without a log beside it.
            copy.execute("PRAGMA journal_mode=DELETE")
            fault = copy.execute("PRAGMA quick_check").fetchone()[0]
            if fault != "ok":
                raise BackupFailed(f"The database is damaged: {fault}. No backup was made.")
            contents = _contents(lambda query: copy.execute(query).fetchall())
        except sqlite3.Error as error:
            raise BackupFailed(f"The database could not be saved: {error}.") from error
    flush(file)
    return contents


def _save_postgres(file: Path) -> Contents:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = str(cursor.fetchone()[0])
        run_postgres("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={file}")

        def query(text: str) -> Iterable[Any]:
            cursor.execute(text)
            rows: list[Any] = cursor.fetchall()
            return rows

        contents = _contents(query)
    flush(file)
    return contents


def run_postgres(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on this site's database. Raises ``BackupFailed``."""
    if shutil.which(program) is None:
        raise BackupFailed(
            f"{program} is not installed here. Install PostgreSQL's client programs, in the "
            "server's version or a newer one."
        )
    done = subprocess.run(
        [program, *arguments],
        env={**os.environ, **_postgres_environment()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupFailed(f"{program} ended with {done.returncode}: {done.stderr.strip()}")


def _postgres_environment() -> dict[str, str]:
    """The connection as environment variables. Everybody on the host could read a password on the
    command line."""
    known = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    values = {name: str(known[key]) for name, key in names.items() if known[key]}
    if "sslmode" in known["OPTIONS"]:
        values["PGSSLMODE"] = str(known["OPTIONS"]["sslmode"])
    return {**values, "PGDATABASE": str(known["NAME"])}


def _contents(query: Query) -> Contents:
    job, song, result = (model._meta.db_table for model in (Job, Source, Artifact))
    return Contents(
        jobs=frozenset(uuid.UUID(str(pk)) for (pk,) in query(f"SELECT id FROM {job}")),
        songs={
            uuid.UUID(str(pk)): size for pk, size in query(f"SELECT id, size_bytes FROM {song}")
        },
        results={
            (uuid.UUID(str(job_id)), path): size
            for job_id, path, size in query(
                f"SELECT job_id, path, size_bytes FROM {result} JOIN {job} ON {job}.id = job_id "
                "WHERE audio_deleted_at IS NULL"
            )
        },
        migrations=tuple(
            name
            for (name,) in query(
                "SELECT name FROM django_migrations WHERE app = 'jobs' ORDER BY name"
            )
        ),
    )
