"""Removing what rows pointed to; a file that stays behind is logged, never hidden."""

import logging
import shutil
from pathlib import Path

_log = logging.getLogger("jobs.files")


def remove_folder(folder: Path) -> None:
    """Remove a folder with all in it; one that is not there is fine."""
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
