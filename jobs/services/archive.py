"""All files of a job as one ZIP, streamed, with its exact length known before the first byte."""

import json
from pathlib import PurePosixPath
from typing import NamedTuple

from zipstream import ZIP_STORED, ZipStream

from jobs.models import Artifact, Job
from jobs.services.errors import JobConflict


class JobZip(NamedTuple):
    """``stream`` yields bytes; ``length`` of them; ``filename`` is clean, for the header."""

    stream: ZipStream
    length: int
    filename: str


def job_zip(job: Job) -> JobZip:
    """Stored, not compressed: audio hardly shrinks, and only so is the length known.

    Raises ``JobConflict`` when there is nothing to deliver.
    """
    artifacts = [artifact for artifact in job.artifacts.all() if artifact.file.is_file()]
    if not artifacts:
        raise JobConflict("There are no files to download: the job has none, or they have expired.")
    title = safe_title(job)
    stream = ZipStream(compress_type=ZIP_STORED, sized=True)
    taken: set[str] = set()
    for artifact in artifacts:
        stream.add_path(artifact.file, f"{title}/{_entry_name(artifact, taken)}")
    manifest = json.dumps(job.manifest, indent=2, ensure_ascii=False).encode()
    stream.add(manifest, f"{title}/manifest.json")
    return JobZip(stream, len(stream), f"{title}.zip")


def safe_title(job: Job) -> str:
    """The song's name without its ending, fit for a file name on any system."""
    from separation.audio.names import clean_name

    # The stem of "Song.v2.mp3" is "Song.v2"; cleaned again, as a cut name may end in a dot.
    return PurePosixPath(clean_name(PurePosixPath(job.source.original_name).stem)).name


def download_name(artifact: Artifact) -> str:
    """What one delivered file is called on the person's disk."""
    return f"{safe_title(artifact.job)} - {artifact.name}{PurePosixPath(artifact.path).suffix}"


def _entry_name(artifact: Artifact, taken: set[str]) -> str:
    suffix = PurePosixPath(artifact.path).suffix
    name, n = f"{artifact.name}{suffix}", 2
    # Compared without case: some systems would unpack "Main" over "main".
    while name.lower() in taken:
        name, n = f"{artifact.name} ({n}){suffix}", n + 1
    taken.add(name.lower())
    return name
