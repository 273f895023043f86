"""The folder of one song below --out: found, held while the song is worked on, given up."""

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
from separation.pipeline.run import WORK_FOLDER, remove_work
from separation.system.json_path import is_text


def check_writable(out: Path, option: str = "--out") -> None:
    """Make the folder for results; raises ``StorageUnavailable`` where nothing can be written.
    ``option``: by which it was named."""
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
def held_folder(out: Path, name: str) -> Iterator[Path]:
    """``out/name``, or ``out/name (2)`` and so on where a completed job lies there, something that
    is not ours, or what another process works on; what a job that was broken off left is taken up
    again. No other process gets the folder before the block ends, or this process does."""
    folder, lock = _first_free(out, name)
    try:
        yield folder
    finally:
        os.close(lock)


def _first_free(out: Path, name: str) -> tuple[Path, int]:
    folder, number = out / name, 1
    while (lock := _locked(folder)) is None:
        number += 1
        folder = out / f"{name} ({number})"
    return folder, lock


def _locked(folder: Path) -> int | None:
    """The descriptor that holds the folder, which is there then; None where it is taken."""
    try:
        folder.mkdir()
        # Marks it as ours, should this process be killed before it has written anything.
        (folder / WORK_FOLDER).mkdir()
    except FileExistsError:
        if _is_taken(folder):
            return None
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None  # Given up by the process that had made it.
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
        # A file system that knows no locks: two at once into one folder are not kept apart there.
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
    """Remove what a job left that finished no stage, as there is nothing to take up again."""
    if any(folder.glob(f"{WORK_FOLDER}/*/{RECEIPT_NAME}")):
        return
    remove_work(folder)
    if {path.name for path in folder.glob("*")} <= {MANIFEST_NAME}:
        shutil.rmtree(folder)


@contextmanager
def inherited_umask(place: Path) -> Iterator[None]:
    """What is made in the block follows the umask of whoever started this process, and not the
    site's, unless ``place`` lies in a folder of the site. A process that is started in it inherits
    that too, and so does what it writes elsewhere."""
    if _is_of_the_site(place):
        yield
        return
    before = os.umask(settings.INHERITED_UMASK)
    try:
        yield
    finally:
        os.umask(before)


def open_by_umask(place: Path) -> None:
    """The same for what others made, under the site's umask: a file, or a folder with all in it."""
    if _is_of_the_site(place):
        return
    _open(place)
    for here, folders, files in os.walk(place):
        for name in (*folders, *files):
            _open(Path(here) / name)


def _open(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
        usual = 0o777 if stat.S_ISDIR(mode) else 0o666
        if not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode) | (usual & ~settings.INHERITED_UMASK))
    except OSError:
        return  # Gone, or of a file system without modes.


def _is_of_the_site(place: Path) -> bool:
    own = (settings.DATA_DIR, settings.UPLOAD_DIR, settings.OUTPUT_DIR, settings.MODEL_DIR)
    return any(place.resolve().is_relative_to(Path(folder).resolve()) for folder in own)
