"""Makes a backup of the running site: one folder for ``manage.py restore``.

Files are copied before the database is saved and once more after it. So a file that is deleted
meanwhile is already copied, and a file that is created meanwhile is copied the second time. Files
that the saved database does not name are removed. So every row of the backup has its files.

A file of a result or a song never changes after it has got its name, so a hard link is as good as
a copy.
"""

import fcntl
import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from jobs.models import Job, Source
from jobs.services.backup import layout
from jobs.services.backup.database import Contents, database_file, save_database
from jobs.services.backup.layout import BackupFailed
from jobs.services.housekeeping.expire import WORK
from jobs.services.storage.files import remove_folder
from separation import CODE_VERSION


@dataclass(frozen=True)
class Backup:
    """A finished backup. ``missing``: paths that rows name but that exist neither on the site nor
    in the backup."""

    folder: Path
    jobs: int
    songs: int
    files: int
    missing: list[str]


def make_backup(
    root: Path, *, with_secret_key: bool = False, link: bool = True, keep: int = 0
) -> Backup:
    """Make a backup in a new folder in ``root``. ``keep``: how many backups stay in ``root``; 0
    keeps all.

    Raises ``BackupFailed``. Then nothing of the new backup is left, and the older ones are
    unchanged.
    """
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone_in(root):
            _clear_unfinished(root)
            made = _make(root, with_secret_key=with_secret_key, link=link)
            if keep:
                _remove_old(root, keep)
            return made
    except DatabaseError as error:
        raise BackupFailed(
            f"The database cannot be read: {error}. It is made by `manage.py serve` or "
            "`manage.py migrate`, which must have run once."
        ) from error
    except OSError as error:
        raise BackupFailed(f"The backup in {root} could not be made: {error}.") from error


@contextmanager
def _alone_in(root: Path) -> Iterator[None]:
    with (root / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupFailed(
                f"Another backup into {root} is being made. Wait until it has ended."
            ) from None
        yield


def _clear_unfinished(root: Path) -> None:
    for folder in root.glob(f"{layout.UNFINISHED}*"):
        remove_folder(folder)


def _remove_old(root: Path, keep: int) -> None:
    for folder in layout.finished(root)[:-keep]:
        remove_folder(folder)


def _make(root: Path, *, with_secret_key: bool, link: bool) -> Backup:
    name = layout.name_at(datetime.now(UTC))
    if (root / name).exists():
        raise BackupFailed(f"{root / name} is there already. Try again in a second.")
    draft = root / f"{layout.UNFINISHED}{name}"
    draft.mkdir(mode=0o700)
    try:
        collector = _Collector(draft, layout.finished(root)[-1:], link=link)
        collector.collect(_live_songs(), _live_jobs())
        contents = save_database(draft / database_file())
        collector.collect(contents.songs, contents.jobs)
        collector.prune(contents)
        if with_secret_key:
            _save_secret_key(draft)
        made = _describe(draft, root / name, contents, collector.files())
        draft.rename(root / name)
        return made
    except BaseException:
        remove_folder(draft)
        raise


def _live_songs() -> set[uuid.UUID]:
    return set(Source.objects.values_list("pk", flat=True))


def _live_jobs() -> set[uuid.UUID]:
    return set(Job.objects.values_list("pk", flat=True))


class _Collector:
    def __init__(self, draft: Path, previous: list[Path], *, link: bool) -> None:
        self._draft = draft
        self._previous = previous
        self._link = link

    def collect(
        self,
        songs: set[uuid.UUID] | dict[uuid.UUID, int],
        jobs: set[uuid.UUID] | frozenset[uuid.UUID],
    ) -> None:
        for song in songs:
            file = Source(pk=song).path
            self._take(file, f"{layout.UPLOADS}/{file.parent.name}/{file.name}")
        for job in jobs:
            folder = Job(pk=job).directory
            for file in layout.files_below(folder, without=WORK):
                self._take(file, f"{layout.OUTPUTS}/{job}/{file.relative_to(folder).as_posix()}")

    def prune(self, contents: Contents) -> None:
        """Remove the files that belong to no row of the saved database."""
        for folder in (self._draft / layout.OUTPUTS).glob("*"):
            if uuid.UUID(folder.name) not in contents.jobs:
                remove_folder(folder)
        for file in (self._draft / layout.UPLOADS).glob("*/*"):
            if uuid.UUID(hex=file.name) not in contents.songs:
                file.unlink()

    def files(self) -> Iterator[tuple[str, int]]:
        """The path in the backup and the size of every song and result file."""
        for part in (layout.UPLOADS, layout.OUTPUTS):
            for file in layout.files_below(self._draft / part):
                yield file.relative_to(self._draft).as_posix(), file.stat().st_size

    def _take(self, file: Path, inside: str) -> None:
        target = self._draft / inside
        try:
            current = file.stat()
            if target.exists():
                copied = target.stat()
                if (copied.st_size, copied.st_mtime_ns) == (current.st_size, current.st_mtime_ns):
                    return
                # A rewritten manifest is a new file under the old name.
                target.unlink()
            known = self._in_previous(inside, current.st_size, current.st_mtime_ns)
            layout.place(known or file, target, link=self._link or known is not None)
        except FileNotFoundError:
            return  # deleted meanwhile, or missing, which the backup reports at the end

    def _in_previous(self, inside: str, size: int, mtime_ns: int) -> Path | None:
        """The same file in the last backup, if it is unchanged. So a backup disk stores an
        unchanged file once, even if it cannot link to the site's files."""
        for folder in self._previous:
            file = folder / inside
            if not file.is_file():
                continue
            facts = file.stat()
            if (facts.st_size, facts.st_mtime_ns) == (size, mtime_ns):
                return file
        return None


def _save_secret_key(draft: Path) -> None:
    target = draft / layout.SECRET_KEY
    target.touch(mode=0o600)
    target.write_text(settings.SECRET_KEY, encoding="ascii")


def _describe(
    draft: Path, folder: Path, contents: Contents, files: Iterator[tuple[str, int]]
) -> Backup:
    found = dict(files)
    with (draft / layout.FILES).open("w", encoding="utf-8") as out:
        out.writelines(f"{size}\t{path}\n" for path, size in found.items())
    database = draft / database_file()
    about = {
        "format": layout.FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": CODE_VERSION,
        "database": database.name,
        "database_sha256": _sha256(database),
        "files_sha256": _sha256(draft / layout.FILES),
        "migrations": contents.migrations,
        "jobs": len(contents.jobs),
        "songs": len(contents.songs),
    }
    (draft / layout.ABOUT).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    for name in (layout.FILES, layout.ABOUT):
        layout.flush(draft / name)
    missing = [path for path in _named(contents) if path not in found]
    return Backup(folder, len(contents.jobs), len(contents.songs), len(found), missing)


def _named(contents: Contents) -> Iterator[str]:
    for job, path in contents.results:
        yield f"{layout.OUTPUTS}/{job}/{path}"


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
