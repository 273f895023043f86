"""Finds the song that a manifest describes."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.db import DatabaseError

from jobs.models import Job
from separation.errors import FileUnavailable
from separation.pipeline.manifest import Manifest
from separation.storage.atomic_files import FileDigest


def find_input(manifest: Manifest, folder: Path) -> Path:
    """The song of a manifest that lies in ``folder``: there, one folder above, or among the songs
    of this site. Raises ``FileUnavailable``."""
    if manifest.input is not None:
        wanted = FileDigest(sha256=manifest.input.sha256, size=manifest.input.size_bytes)
        for place in _places(manifest, folder):
            if place.is_file() and wanted.matches(place):
                return place
    raise FileUnavailable(
        f"the song {manifest.input_file!r} of the manifest is neither beside it nor on this site; "
        "name the file that was sent with --input."
    )


def _places(manifest: Manifest, folder: Path) -> Iterator[Path]:
    yield folder / manifest.input_file
    yield folder.parent / manifest.input_file
    # Last, as there may be no database.
    stored = _stored_song(manifest.job_id)
    if stored is not None:
        yield stored


def _stored_song(job_id: str) -> Path | None:
    try:
        job = Job.objects.select_related("source").filter(pk=UUID(job_id)).first()
    except (DatabaseError, ValueError):
        return None  # No site has a database here, or the job is none of this site.
    return job.source.path if job is not None else None
