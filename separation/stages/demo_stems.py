"""``python -m separation.stages.demo_stems FOLDER``: makes the true stems of the demonstration song
playable, with the files that stage ``listening`` makes for the stems of a job.

``FOLDER`` is named ``NAME-VERSION``. It exists with all its files or not at all, also after a kill.
Folders of older versions beside it are removed. Where another process renders at the same time,
the second one does nothing.
"""

import fcntl
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from separation.audio.tracks import Track
from separation.demo.playable import is_complete
from separation.demo.song import FRAMES, stems
from separation.stages.listening import FOLDER, ListeningWriter, write_index
from separation.storage.atomic_files import sync

_VERSIONED = re.compile(r"(?P<name>.+)-(?P<version>\d+)")
_STAGE = "demo"


def render(folder: Path) -> bool:
    """Render into ``folder``, replacing what is incomplete there; returns False where another
    process renders.

    Raises ``OSError`` and ``DiskFull``; then ``folder`` is as before.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    name = _parts(folder)[0]
    with _alone_in(folder.parent, name) as alone:
        if alone:
            _clear(folder.parent, f".{name}-*")
            if not is_complete(folder):
                _replace(folder)
            _remove_older(folder)
    return alone


def _replace(folder: Path) -> None:
    draft = folder.with_name(f".{folder.name}.draft")
    try:
        _write(draft)
        if folder.exists():
            _remove(folder)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    sync(folder.parent)


def _write(draft: Path) -> None:
    (draft / FOLDER).mkdir(parents=True)
    entries = []
    for name, sound in stems().items():
        track = Track(name=name, folder="", file_stem=name, stage=_STAGE, terms=())
        with ListeningWriter(draft, track) as writer:
            writer.write(sound)
            entries.append(writer.finish())
    # The stems of the song stay below full scale, so previews need no gain.
    write_index(draft, entries, FRAMES, preview_gain_db=0.0, gain_db=0.0)
    for path in (*(draft / FOLDER).iterdir(), draft / FOLDER, draft):
        sync(path)


def _remove(folder: Path) -> None:
    """Remove ``folder`` in one step: what stays after a kill has a name that nobody reads."""
    removed = folder.with_name(f".{folder.name}.removed")
    folder.rename(removed)
    shutil.rmtree(removed)


def _remove_older(folder: Path) -> None:
    name, version = _parts(folder)
    for other in folder.parent.glob(f"{name}-*"):
        if _VERSIONED.fullmatch(other.name) and _parts(other) < (name, version):
            _remove(other)


def _clear(parent: Path, pattern: str) -> None:
    for left in parent.glob(pattern):
        shutil.rmtree(left)


def _parts(folder: Path) -> tuple[str, int]:
    match = _VERSIONED.fullmatch(folder.name)
    if match is None:
        raise ValueError(f"the folder must be named NAME-VERSION, not {folder.name!r}")
    return match["name"], int(match["version"])


@contextmanager
def _alone_in(parent: Path, name: str) -> Iterator[bool]:
    with (parent / f".{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def main() -> None:
    if len(sys.argv) != 2 or not _VERSIONED.fullmatch(Path(sys.argv[1]).name):
        sys.exit("usage: python -m separation.stages.demo_stems NAME-VERSION")
    # Nobody waits for it, and jobs need the processor.
    os.nice(19)
    render(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
