"""Keeps the files of the site private to its own account: songs, keys and the database."""

import logging
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

ALONE = 0o077
"""The umask: files are 0600 and folders 0700."""

WITH_GROUP = 0o027
"""0640 and 0750, for a web server in the same group that sends files itself."""

_log = logging.getLogger("stemsite.files")
_before: list[int] = []


def initial_umask() -> int:
    """The umask with which this process was started; commands use it for files that they write in a
    person's own folder."""
    return _before[0] if _before else ALONE


def keep_private(folders: Iterable[Path], *, group_reads: bool) -> list[Path]:
    """Set the umask of this process and its children, create ``folders``, and tighten existing ones
    that are too open, with their contents. Returns the folders that were tightened."""
    umask = WITH_GROUP if group_reads else ALONE
    _before.append(os.umask(umask))
    return [folder for folder in folders if _tightened(folder, umask)]


def _tightened(folder: Path, umask: int) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    mode = folder.stat().st_mode
    if not mode & umask:
        return False
    if mode & stat.S_ISVTX:
        _log.warning("%s is a folder of many accounts: give the site one of its own", folder)
        return False
    try:
        for path in _all_in(folder):
            _tighten(path, umask)
        # The folder comes last, so that the next start continues after an interruption.
        _tighten(folder, umask)
    except PermissionError:
        _log.warning(
            "%s can be read by other accounts (mode %o) and belongs to another one: tighten it "
            "by hand",
            folder,
            stat.S_IMODE(mode),
        )
        return False
    _log.warning(
        "%s could be read by other accounts (mode %o); it is closed to them now",
        folder,
        stat.S_IMODE(mode),
    )
    return True


def _all_in(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        yield from (Path(here) / name for name in (*folders, *files))


def _tighten(path: Path, umask: int) -> None:
    try:
        mode = path.lstat().st_mode
        if mode & umask and not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode) & ~umask)
    except FileNotFoundError:
        return  # another process has just deleted it
