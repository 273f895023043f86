"""The files and folders of a backup, and how a file is copied or linked."""

import errno
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

PREFIX = "stemsite-"
"""The prefix of the folder of a finished backup. The time in UTC follows, so that names sort by
age."""

UNFINISHED = ".tmp-"
ABOUT = "backup.json"
FILES = "files.tsv"
"""A list with one line for each song and result file: its size, a tab, its path in the backup."""

UPLOADS = "uploads"
OUTPUTS = "outputs"
SECRET_KEY = "secret_key"
FORMAT = 1
"""The version of the format. It increases when an older version could not restore the backup."""

_STAMP = "%Y%m%dT%H%M%SZ"
_NOT_LINKABLE = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.EACCES)


class BackupFailed(Exception):
    """The backup or restoration failed. The message tells the operator what is wrong and what to
    do. No partial backup is left."""


def name_at(moment: datetime) -> str:
    return f"{PREFIX}{moment.strftime(_STAMP)}"


def moment_of(backup: Path) -> datetime:
    """When the backup was begun, from its name."""
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
    """The regular files below ``folder``, without links, hidden files and the top-level folder
    ``without``; none where ``folder`` is missing."""
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
    """Put ``source`` at ``target``: as a hard link where ``link`` and the file system allow it,
    else as a copy that is flushed to disk. Raises ``FileNotFoundError``."""
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
