"""Deletes files that belong to no row, for example after a crash during a deletion, an upload, a
download or a mix."""

import logging
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from jobs.models import Job, Source
from jobs.services.mixing import MIX_PREFIX
from jobs.services.storage.files import remove_file, remove_folder

LEFT_ALONE_S = 24 * 3600
"""Files that changed within this time stay, as a process may still use them."""

_log = logging.getLogger("jobs.sweep")


def sweep_everything() -> None:
    sweep_outputs()
    sweep_uploads()
    sweep_downloads()
    sweep_mixes()


def sweep_outputs() -> int:
    """Delete folders of jobs that have no row; returns how many.

    Nothing is deleted when most folders have no row. So many interrupted deletions are unlikely:
    the site probably uses the database of another folder.
    """
    folders = {job_id: path for path in _entries(settings.OUTPUT_DIR) if (job_id := _id(path))}
    known = set(Job.objects.values_list("pk", flat=True))
    return _remove_old(_without_row(folders, known, settings.OUTPUT_DIR))


def sweep_uploads() -> int:
    """Delete files of sources that have no row; returns how many.

    Nothing is deleted when most have none, as in :func:`sweep_outputs`.
    """
    files = {
        source_id: path
        for folder in _entries(settings.UPLOAD_DIR)
        for path in folder.iterdir()
        if (source_id := _source_id(path))
    }
    known = set(Source.objects.values_list("pk", flat=True))
    return _remove_old(_without_row(files, known, settings.UPLOAD_DIR))


def sweep_downloads() -> int:
    """Delete the leftovers of interrupted downloads of weights; returns how many.

    They are hidden folders beside the models, each named after a model.
    """
    hidden = (path for path in _entries(settings.MODEL_DIR) if path.name.startswith("."))
    return _remove_old([path for path in hidden if "-" in path.name])


def sweep_mixes() -> int:
    """Delete mixes that the web server was rendering when it was killed; returns how many."""
    folders = _entries(settings.FILE_UPLOAD_TEMP_DIR)
    return _remove_old([path for path in folders if path.name.startswith(MIX_PREFIX)])


def _entries(root: Path) -> Iterator[Path]:
    """The folders in ``root``, links left out."""
    if root.is_dir():
        yield from (path for path in root.iterdir() if path.is_dir() and not path.is_symlink())


def _id(path: Path) -> uuid.UUID | None:
    try:
        job_id = uuid.UUID(path.name)
    except ValueError:
        return None
    return job_id if str(job_id) == path.name else None


def _source_id(path: Path) -> uuid.UUID | None:
    """The id of the source whose path is ``path``; None for any other file."""
    try:
        source_id = uuid.UUID(hex=path.name)
    except ValueError:
        return None
    ours = path == Source(pk=source_id).path and path.is_file() and not path.is_symlink()
    return source_id if ours else None


def _without_row(found: dict[uuid.UUID, Path], known: set[uuid.UUID], root: Path) -> list[Path]:
    """The paths without a row; none when most have no row."""
    without_row = [path for key, path in found.items() if key not in known]
    if len(without_row) * 2 > len(found):
        _log.error(
            "%s of the %s entries of %s have no row: is this their database? None is deleted.",
            len(without_row),
            len(found),
            root,
        )
        return []
    return without_row


def _remove_old(paths: list[Path]) -> int:
    old = [path for path in paths if time.time() - _changed_at(path) > LEFT_ALONE_S]
    for path in old:
        _log.info("removing %s, which belongs to nothing", path)
        remove_folder(path) if path.is_dir() else remove_file(path)
    return len(old)


def _changed_at(path: Path) -> float:
    """When ``path``, or anything in it, last changed, in seconds since the epoch; the current time
    if it has just been deleted."""
    try:
        return max(each.lstat().st_mtime for each in (path, *path.rglob("*")))
    except FileNotFoundError:
        return time.time()
