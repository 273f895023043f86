"""A site on PostgreSQL is saved and restored row by row."""

import os
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.chaos.postgres import PostgresServer, binaries
from tests.jobs.backup.world import Site

pytestmark = pytest.mark.slow


def rows(url: str) -> dict[str, list[Any]]:
    with psycopg.connect(url) as database:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        tables = [name for (name,) in database.execute(query).fetchall()]
        return {
            name: sorted(database.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for name in tables
        }


def test_a_backup_of_postgresql_is_restored_row_by_row(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    programs = {"PATH": f"{binaries()}:{os.environ['PATH']}"}
    url, other = postgres.new_database(), postgres.empty_database()
    old = Site(tmp_path / "old", STEMSITE_DATABASE_URL=url, **programs)
    old.fill()
    old.manage("backup", str(tmp_path / "backups"))
    (made,) = (tmp_path / "backups").glob("stemsite-*")
    new = Site(tmp_path / "new", STEMSITE_DATABASE_URL=other, **programs)
    new.manage("restore", str(made))
    assert len(rows(other)["jobs_job"]) == 6
    assert rows(other) == rows(url)
    assert new.files() == {p: data for p, data in old.files().items() if "/work/" not in p}
    again = new.manage("restore", str(made), check=False)
    assert again.returncode == 1 and "has a database already" in again.stderr
