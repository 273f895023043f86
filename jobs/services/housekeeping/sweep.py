"""What lies on disk and belongs to nothing any more, as after a crash in the middle of a deletion,
an upload, a download or a mix."""

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
"""Whatever changed within a day may still be in somebody's hands."""

_log = logging.getLogger("jobs.sweep")


def sweep_everything() -> None:
    sweep_outputs()
    sweep_uploads()
    sweep_downloads()
    sweep_mixes()


def sweep_outputs() -> int:
    """Delete folders of jobs that have no row any more; returns how many.

    Nothing is deleted when most folders are such: rather than that so many deletions broke off,
    the database is not the one that belongs to this folder.
    """
    folders = {job_id: path for path in _entries(settings.OUTPUT_DIR) if (job_id := _id(path))}
    known = set(Job.objects.values_list("pk", flat=True))
    return _remove_old(_strange(folders, known, settings.OUTPUT_DIR))


def sweep_uploads() -> int:
    """Delete sources that have no row any more, or never got one; returns how many.

    With the caution of :func:`sweep_outputs`.
    """
    files = {
        source_id: path
        for folder in _entries(settings.UPLOAD_DIR)
        for path in folder.iterdir()
        if (source_id := _source_id(path))
    }
    known = set(Source.objects.values_list("pk", flat=True))
    return _remove_old(_strange(files, known, settings.UPLOAD_DIR))


def sweep_downloads() -> int:
    """Delete what downloads of weights left that broke off; returns how many.

    They are hidden folders beside the models, named after one.
    """
    hidden = (path for path in _entries(settings.MODEL_DIR) if path.name.startswith("."))
    return _remove_old([path for path in hidden if "-" in path.name])


def sweep_mixes() -> int:
    """Delete mixes that were being made when the web server was killed; returns how many."""
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
    """Of a file that lies where ``Source.path`` puts it."""
    try:
        source_id = uuid.UUID(hex=path.name)
    except ValueError:
        return None
    ours = path == Source(pk=source_id).path and path.is_file() and not path.is_symlink()
    return source_id if ours else None


def _strange(found: dict[uuid.UUID, Path], known: set[uuid.UUID], root: Path) -> list[Path]:
    """What has no row; nothing when that is most of it."""
    strange = [path for key, path in found.items() if key not in known]
    if len(strange) * 2 > len(found):
        _log.error(
            "%s of the %s entries of %s have no row: is this their database? None is deleted.",
            len(strange),
            len(found),
            root,
        )
        return []
    return strange


def _remove_old(paths: list[Path]) -> int:
    old = [path for path in paths if time.time() - _changed_at(path) > LEFT_ALONE_S]
    for path in old:
        _log.info("removing %s, which belongs to nothing", path)
        remove_folder(path) if path.is_dir() else remove_file(path)
    return len(old)


def _changed_at(path: Path) -> float:
    """When it, or anything in it, last changed, as seconds since the epoch; now if it just went."""
    try:
        return max(each.lstat().st_mtime for each in (path, *path.rglob("*")))
    except FileNotFoundError:
        return time.time()
