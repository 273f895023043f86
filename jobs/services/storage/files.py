"""Deletes files and folders. A failure is logged, not raised."""

import logging
import shutil
from pathlib import Path

MANIFEST_NAME = "manifest.json"

_log = logging.getLogger("jobs.files")


def remove_folder(folder: Path) -> None:
    """Delete a folder with its content. A missing folder is no error."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError:
        _log.exception("cannot remove %s", folder)


def remove_file(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        _log.exception("cannot remove %s", path)


def remove_audio(directory: Path) -> None:
    """Delete the content of a job's folder, except its manifest."""
    if not directory.is_dir():
        return
    for entry in directory.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            remove_folder(entry)
        elif entry.name != MANIFEST_NAME:
            remove_file(entry)
