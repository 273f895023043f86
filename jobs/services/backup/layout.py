"""What lies where in a backup, and how a file gets there or back."""

import errno
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

PREFIX = "stemsite-"
"""Of the folder of a finished backup; the time in UTC follows, so that names sort by age."""

UNFINISHED = ".tmp-"
ABOUT = "backup.json"
FILES = "files.tsv"
"""One line for each song and file of a result: its size, a tab, its path in the backup."""

UPLOADS = "uploads"
OUTPUTS = "outputs"
SECRET_KEY = "secret_key"
FORMAT = 1
"""Raised when an older version could not restore what a newer one wrote."""

_STAMP = "%Y%m%dT%H%M%SZ"
_NOT_LINKABLE = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.EACCES)


class BackupFailed(Exception):
    """In words for the operator: what is wrong and what to do. Nothing half made is left."""


def name_at(moment: datetime) -> str:
    return f"{PREFIX}{moment.strftime(_STAMP)}"


def moment_of(backup: Path) -> datetime:
    """When it was begun, from its name."""
    return datetime.strptime(backup.name, f"{PREFIX}{_STAMP}").replace(tzinfo=UTC)


def finished(folder: Path) -> list[Path]:
    """The backups in ``folder``, the oldest first."""
    if not folder.is_dir():
        return []
    return sorted(each for each in folder.iterdir() if _is_finished(each))


def _is_finished(folder: Path) -> bool:
    try:
        moment_of(folder)
    except ValueError:
        return False
    return (folder / ABOUT).is_file()


def files_below(folder: Path, *, without: str = "") -> Iterator[Path]:
    """Ordinary files, without links, hidden ones and the folder ``without`` at the top; none where
    ``folder`` is gone."""
    try:
        entries = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name == without or entry.is_symlink():
            continue
        if entry.is_dir():
            yield from files_below(entry)
        elif entry.is_file():
            yield entry


def place(source: Path, target: Path, *, link: bool) -> None:
    """Put ``source`` at ``target``: as a second name of the same file where ``link`` and the disk
    allow it, else as a copy that has reached the disk. Raises ``FileNotFoundError``."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if link and _link(source, target):
        return
    shutil.copy2(source, target)
    flush(target)


def _link(source: Path, target: Path) -> bool:
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno in _NOT_LINKABLE:
            return False
        raise
    return True


def flush(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
