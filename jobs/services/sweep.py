"""What lies on disk and belongs to nothing any more, as after a crash in the middle of a deletion
or a download."""

import logging
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from jobs.models import Job
from jobs.services.files import remove_folder

LEFT_ALONE_S = 24 * 3600
"""Whatever changed within a day may still be in somebody's hands."""

_log = logging.getLogger("jobs.sweep")


def sweep_everything() -> None:
    sweep_outputs()
    sweep_downloads()


def sweep_outputs() -> int:
    """Delete folders of jobs that have no row any more; returns how many.

    Nothing is deleted when most folders are such: rather than that so many deletions broke off,
    the database is not the one that belongs to this folder.
    """
    folders = {job_id: path for path in _entries(settings.OUTPUT_DIR) if (job_id := _id(path))}
    known = set(Job.objects.values_list("pk", flat=True))
    strange = [path for job_id, path in folders.items() if job_id not in known]
    if len(strange) * 2 > len(folders):
        _log.error(
            "%s of the %s folders in %s belong to no job: is this their database? None is deleted.",
            len(strange),
            len(folders),
            settings.OUTPUT_DIR,
        )
        return 0
    return _remove_old(strange)


def sweep_downloads() -> int:
    """Delete what downloads of weights left that broke off; returns how many.

    They are hidden folders beside the models, named after one.
    """
    hidden = (path for path in _entries(settings.MODEL_DIR) if path.name.startswith("."))
    return _remove_old([path for path in hidden if "-" in path.name])


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


def _remove_old(folders: list[Path]) -> int:
    old = [folder for folder in folders if time.time() - _changed_at(folder) > LEFT_ALONE_S]
    for folder in old:
        _log.info("removing %s, which belongs to nothing", folder)
        remove_folder(folder)
    return len(old)


def _changed_at(folder: Path) -> float:
    """When anything in it last changed, as seconds since the epoch."""
    newest = folder.stat().st_mtime
    for path in folder.rglob("*"):
        try:
            newest = max(newest, path.lstat().st_mtime)
        except FileNotFoundError:
            return time.time()
    return newest
