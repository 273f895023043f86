"""Restores a backup to an installation that has no site yet."""

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from pydantic import BaseModel, ConfigDict, ValidationError

from jobs.services.backup import layout
from jobs.services.backup.database import POSTGRES_FILE, SQLITE_FILE, run_postgres
from jobs.services.backup.layout import BackupFailed

MARK = ".restoring"
"""A file in the data directory during a restoration, so that an interrupted one can be repeated."""


class About(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    format: int
    made_at: str
    version: str
    database: str
    database_sha256: str
    files_sha256: str
    migrations: list[str]
    jobs: int
    songs: int


@dataclass(frozen=True)
class Restored:
    about: About
    files: int
    with_secret_key: bool


def restore(backup: Path, *, link: bool = True) -> Restored:
    """Restore the site of ``backup`` to this installation.

    The whole backup is checked before anything is written, and the database is written last, so
    that the site is restored completely or not at all. Raises ``BackupFailed``.
    """
    about = _read(backup)
    _check_versions(about)
    files = list(_checked_files(backup, about))
    _check_nothing_is_here()
    mark = Path(settings.DATA_DIR) / MARK
    try:
        mark.write_text(str(backup.resolve()), encoding="utf-8")
        for path in files:
            _place(backup / path, path, link=link)
        with_secret_key = _restore_secret_key(backup)
        _restore_database(backup / about.database)
        mark.unlink()
    except OSError as error:
        raise BackupFailed(
            f"The backup could not be restored: {error}. Mend that and run the same again."
        ) from error
    return Restored(about, len(files), with_secret_key)


def _read(backup: Path) -> About:
    try:
        text = (backup / layout.ABOUT).read_text(encoding="utf-8")
    except OSError:
        inside = layout.finished(backup)
        known = f" Name one of those in it, such as {inside[-1]}." if inside else ""
        raise BackupFailed(f"{backup} is no backup: it has no {layout.ABOUT}.{known}") from None
    try:
        about = About.model_validate_json(text)
    except ValidationError as error:
        raise BackupFailed(f"{backup / layout.ABOUT} is damaged: {error}") from None
    if about.format > layout.FORMAT:
        raise BackupFailed(
            f"The backup was made by stemsite {about.version}, and this older version cannot read "
            "it. Install that one or a newer one."
        )
    return about


def _check_versions(about: About) -> None:
    ours = SQLITE_FILE if connection.vendor == "sqlite" else POSTGRES_FILE
    if about.database != ours:
        kind = "SQLite" if about.database == SQLITE_FILE else "PostgreSQL"
        raise BackupFailed(
            f"The backup is one of a site on {kind}, and STEMSITE_DATABASE_URL names another kind "
            "of database. Restore it with the same kind."
        )
    known = {name for app, name in MigrationLoader(None).disk_migrations if app == "jobs"}
    if newer := [name for name in about.migrations if name not in known]:
        raise BackupFailed(
            f"The backup was made by stemsite {about.version}, whose tables this older version "
            f"does not know ({newer[-1]}). Install that one or a newer one."
        )


def _checked_files(backup: Path, about: About) -> Iterator[str]:
    for name, digest in (
        (about.database, about.database_sha256),
        (layout.FILES, about.files_sha256),
    ):
        if _sha256(backup / name) != digest:
            raise BackupFailed(
                f"{backup / name} is missing or damaged, so this backup is of no use. Restore an "
                "older one."
            )
    faults = []
    for line in (backup / layout.FILES).read_text(encoding="utf-8").splitlines():
        size, _, path = line.partition("\t")
        if _size(backup / path) != int(size):
            faults.append(path)
        yield path
    if faults:
        raise BackupFailed(
            f"{len(faults)} file(s) of the backup are missing or damaged, such as {faults[0]}. "
            "Copy the backup once more, or restore an older one."
        )


def _sha256(file: Path) -> str | None:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return None


def _size(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None


def _check_nothing_is_here() -> None:
    if connection.introspection.table_names():
        raise BackupFailed(
            "This site has a database already, and a restore would overwrite it. Set "
            "STEMSITE_DATA_DIR to a new folder (or STEMSITE_DATABASE_URL to an empty database), "
            "or move the old one away."
        )
    if (Path(settings.DATA_DIR) / MARK).exists():
        return
    for folder in (Path(settings.UPLOAD_DIR), Path(settings.OUTPUT_DIR)):
        if next(layout.files_below(folder), None) is not None:
            raise BackupFailed(
                f"{folder} has songs or results already. Move it away, or set STEMSITE_DATA_DIR "
                "to a new folder."
            )


def _place(source: Path, inside: str, *, link: bool) -> None:
    part, _, rest = inside.partition("/")
    roots = {layout.UPLOADS: Path(settings.UPLOAD_DIR), layout.OUTPUTS: Path(settings.OUTPUT_DIR)}
    if part not in roots or ".." in Path(rest).parts:
        raise BackupFailed(f"The backup names a file that belongs to no site: {inside}.")
    target = roots[part] / rest
    # An interrupted restoration may have left a partial copy.
    target.unlink(missing_ok=True)
    layout.place(source, target, link=link)


def _restore_secret_key(backup: Path) -> bool:
    file = backup / layout.SECRET_KEY
    if not file.is_file():
        return False
    target = Path(settings.DATA_DIR) / layout.SECRET_KEY
    draft = target.with_name(f".{target.name}.new")
    draft.touch(mode=0o600)
    draft.write_bytes(file.read_bytes())
    draft.replace(target)
    return True


def _restore_database(file: Path) -> None:
    if file.name == POSTGRES_FILE:
        run_postgres(
            "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error",
            "--single-transaction", f"--dbname={connection.settings_dict['NAME']}", str(file),
        )  # fmt: skip
        return
    target = Path(connection.settings_dict["NAME"])
    connection.close()
    draft = target.with_name(f".{target.name}.new")
    shutil.copyfile(file, draft)
    with closing(sqlite3.connect(draft)) as copy:
        fault = copy.execute("PRAGMA quick_check").fetchone()[0]
    if fault != "ok":
        draft.unlink()
        raise BackupFailed(f"The database of the backup is damaged: {fault}.")
    layout.flush(draft)
    for beside in ("-wal", "-shm"):
        target.with_name(target.name + beside).unlink(missing_ok=True)
    draft.replace(target)
