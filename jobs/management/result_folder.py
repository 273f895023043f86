"""The result folder of one song below --out: chosen, locked and cleaned up."""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from separation.errors import StorageUnavailable
from separation.pipeline.manifest import MANIFEST_NAME, ManifestUnreadable, load_manifest
from separation.pipeline.receipts import RECEIPT_NAME
from separation.pipeline.work_folder import WORK_FOLDER, remove_work
from separation.system.json_path import is_text


def check_writable(out: Path, option: str = "--out") -> None:
    """Create the folder for results. Raises ``StorageUnavailable`` where it cannot be written.

    ``option``: the argument that named the folder.
    """
    if not is_text(out):
        # libsndfile's binding opens no such file.
        raise StorageUnavailable(
            f"the path {str(out)!r} is not valid UTF-8; choose another folder for {option}."
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise StorageUnavailable(
            f"nothing can be written to {str(out)!r} ({error.strerror}); "
            f"choose another folder for {option}."
        ) from error


@contextmanager
def locked_folder(out: Path, name: str) -> Iterator[Path]:
    """Locks ``out/name`` for the block, or ``out/name (2)`` and so on where the folder is taken.

    A folder is taken if it holds a completed job or files of others, or if another process has
    locked it. The folder of an aborted job is free, and the job continues there. The lock ends
    with the block, or with this process.
    """
    folder, lock = _first_free(out, name)
    try:
        yield folder
    finally:
        os.close(lock)


def _first_free(out: Path, name: str) -> tuple[Path, int]:
    folder, number = out / name, 1
    while (lock := _create_locked(folder)) is None:
        number += 1
        folder = out / f"{name} ({number})"
    return folder, lock


def _create_locked(folder: Path) -> int | None:
    """Create and lock the folder; returns the descriptor of the lock, None where it is taken."""
    try:
        folder.mkdir()
        # Marks the folder as ours, even if this process is killed before it writes anything.
        (folder / WORK_FOLDER).mkdir()
    except FileExistsError:
        if _is_taken(folder):
            return None
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None  # The process that had created it has deleted it.
    if _lock(descriptor) and not _is_taken(folder):
        return descriptor
    os.close(descriptor)
    return None


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # The file system has no locks: there, two processes may get the same folder.
        return True
    return True


def _is_taken(folder: Path) -> bool:
    manifest = folder / MANIFEST_NAME
    if not manifest.is_file():
        return not (folder / WORK_FOLDER).is_dir()
    try:
        return load_manifest(manifest).status == "completed"
    except ManifestUnreadable:
        return True


def drop_empty_folder(folder: Path) -> None:
    """Delete the folder of a job without a finished stage, as no job can continue from it."""
    if any(folder.glob(f"{WORK_FOLDER}/*/{RECEIPT_NAME}")):
        return
    remove_work(folder)
    if {path.name for path in folder.glob("*")} <= {MANIFEST_NAME}:
        shutil.rmtree(folder)


@contextmanager
def inherited_umask(place: Path) -> Iterator[None]:
    """Use the umask with which this process was started in place of the site's umask, unless
    ``place`` lies in a folder of the site. Processes that are started in the block inherit it."""
    if _is_in_site_folder(place):
        yield
        return
    before = os.umask(settings.INHERITED_UMASK)
    try:
        yield
    finally:
        os.umask(before)


def apply_umask(place: Path) -> None:
    """Apply that umask to a file or a folder tree that was written under the site's umask."""
    if _is_in_site_folder(place):
        return
    _apply_umask(place)
    for here, folders, files in os.walk(place):
        for name in (*folders, *files):
            _apply_umask(Path(here) / name)


def _apply_umask(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
        full_mode = 0o777 if stat.S_ISDIR(mode) else 0o666
        if not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode) | (full_mode & ~settings.INHERITED_UMASK))
    except OSError:
        return  # Deleted, or on a file system without modes.


def _is_in_site_folder(place: Path) -> bool:
    own = (settings.DATA_DIR, settings.UPLOAD_DIR, settings.OUTPUT_DIR, settings.MODEL_DIR)
    return any(place.resolve().is_relative_to(Path(folder).resolve()) for folder in own)
