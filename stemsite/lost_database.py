"""Detects a database that does not belong to the folders of results."""

import uuid
from pathlib import Path

from django.conf import settings
from django.db import connection

from jobs.models import Job, Stage


def lost_database() -> str | None:
    """A sentence for the operator if results of jobs are on disk and the database never had a job;
    None otherwise. The database may have been copied without its log, or a setting names another.

    A database that has had jobs is not reported: a crash during a deletion may leave a folder.
    """
    if _ever_had_jobs():
        return None
    folders = _job_folders(Path(settings.OUTPUT_DIR))
    if not folders:
        return None
    return (
        f"{settings.OUTPUT_DIR} holds the results of {len(folders)} job(s), but the database "
        "has none. Most likely its file was copied without the file of the same name that ends in "
        "-wal, or STEMSITE_DATABASE_URL or STEMSITE_DATA_DIR name another site. Put the right "
        "database in its place, or restore a backup (`manage.py restore`); to begin with an empty "
        f"site, move {settings.OUTPUT_DIR} away."
    )


def _job_folders(root: Path) -> list[Path]:
    """The folders with a manifest, which every finished job has."""
    return [file.parent for file in root.glob("*/manifest.json") if _is_uuid(file.parent.name)]


def _is_uuid(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False


def _ever_had_jobs() -> bool:
    tables = set(connection.introspection.table_names())
    if Job._meta.db_table not in tables:
        return False
    return Job.objects.exists() or _last_stage_number() > 0


def _last_stage_number() -> int:
    """The highest number of a stage; it remains when all jobs are deleted."""
    table = Stage._meta.db_table
    queries = {
        "sqlite": ("SELECT seq FROM sqlite_sequence WHERE name = %s", [table]),
        "postgresql": ("SELECT last_value FROM pg_sequences WHERE sequencename = %s",
                       [f"{table}_id_seq"]),
    }  # fmt: skip
    if connection.vendor not in queries:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(*queries[connection.vendor])
        row = cursor.fetchone()
    return int(row[0] or 0) if row else 0
