"""Streams the files of one or many jobs as one ZIP whose exact length is known beforehand."""

import json
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from zipstream import ZIP_STORED, ZipStream

from jobs.errors import JobConflict
from jobs.models import Artifact, Batch, Job
from jobs.models.job import JobStatus
from jobs.services.batches.actions import songs_of
from jobs.services.storage.integrity import ensure_all_intact
from separation.families import child_part

_STEM_FILE = ".stem.mp4"

NAMES_FILE = "names.txt"
"""Tells of the tracks that have no file of their own in a ZIP."""


class JobZip(NamedTuple):
    """``stream`` yields ``length`` bytes. ``filename`` is cleaned for the header."""

    stream: ZipStream
    length: int
    filename: str


def job_zip(job: Job) -> JobZip:
    """The files of one job, stored without compression. Audio hardly shrinks, and the length of a
    compressed ZIP is not known beforehand.

    Raises ``JobConflict`` when the job has no files.
    """
    return jobs_zip([job], name=safe_title(job))


def batch_zip(batch: Batch) -> JobZip:
    """The files of all completed songs of a batch. Raises as :func:`job_zip` does."""
    from separation.audio.names import clean_name

    done = songs_of(batch).filter(status=JobStatus.COMPLETED)
    songs = list(done.select_related("source").prefetch_related("artifacts"))
    return jobs_zip(songs, name=clean_name(batch.name))


def jobs_zip(jobs: Sequence[Job], *, name: str) -> JobZip:
    """The files of each job in a folder of its own. Jobs without files, or whose audio was deleted,
    are left out.

    Raises ``JobConflict`` when no job is left, and ``ArtifactDamaged`` for a damaged file.
    """
    stream = ZipStream(compress_type=ZIP_STORED, sized=True)
    folders: set[str] = set()
    for job in jobs:
        _add_job(stream, job, folders)
    if not folders:
        raise JobConflict("There are no files to download: the job has none, or they have expired.")
    return JobZip(stream, len(stream), f"{name}.zip")


def tracks_zip(tracks: Sequence[Artifact]) -> JobZip:
    """Some files of one job, without its manifest, which names the owner's other files.

    Raises ``JobConflict`` when ``tracks`` is empty, and ``ArtifactDamaged``.
    """
    stream = ZipStream(compress_type=ZIP_STORED, sized=True)
    if not tracks:
        raise JobConflict("There are no files to download: they have expired.")
    ensure_all_intact(tracks)
    name = safe_title(tracks[0].job)
    _add_tracks(stream, tracks, name)
    return JobZip(stream, len(stream), f"{name}.zip")


def _add_tracks(stream: ZipStream, tracks: Sequence[Artifact], folder: str) -> None:
    taken: set[str] = {NAMES_FILE}
    names: dict[str, str] = {}
    there = {track.name for track in tracks}
    for track in tracks:
        if track.same_as not in there:
            names[track.name] = _free_name(_place(track), _ending(track), taken)
            stream.add_path(track.file, f"{folder}/{names[track.name]}")
    told = [
        f"{track.name} is {names[track.same_as]}: they are the same sound.\n"
        for track in tracks
        if track.same_as in names
    ]
    if told:
        stream.add("".join(told).encode(), f"{folder}/{NAMES_FILE}")


def _place(track: Artifact) -> str:
    """The path in the ZIP, without the ending. Parts of a stem keep their folders."""
    return str(PurePosixPath(track.path).with_suffix("")) if track.parent else track.name


def _add_job(stream: ZipStream, job: Job, folders: set[str]) -> None:
    artifacts = list(job.artifacts.all())
    if not artifacts or job.audio_deleted_at is not None:
        return
    ensure_all_intact(each for each in artifacts if not each.same_as)
    folder = _free_name(safe_title(job), "", folders)
    _add_tracks(stream, artifacts, folder)
    manifest = json.dumps(job.manifest, indent=2, ensure_ascii=False).encode()
    stream.add(manifest, f"{folder}/manifest.json")


def safe_title(job: Job) -> str:
    """The song's name without its ending, valid as a file name on any system."""
    from separation.audio.names import song_title

    return song_title(job.source.original_name)


def download_name(artifact: Artifact) -> str:
    """The file name of one track for a download."""
    title, ending = safe_title(artifact.job), _ending(artifact)
    if ending == _STEM_FILE:
        # The file holds the whole song, and a deck shows the file's name.
        return f"{title}{ending}"
    # File names cannot contain the colon of the pages.
    return f"{title} - {_name_in_files(artifact)}{ending}"


def _name_in_files(artifact: Artifact) -> str:
    own = child_part(artifact.name)
    parent = artifact.name.removesuffix(own).rstrip("_")
    return f"{parent} - {own}" if parent else own


def _ending(artifact: Artifact) -> str:
    """The ending of the file. Decks recognise a stem file by both parts of its ending."""
    is_stem_file = artifact.path.endswith(_STEM_FILE)
    return _STEM_FILE if is_stem_file else PurePosixPath(artifact.path).suffix


def _free_name(preferred: str, suffix: str, taken: set[str]) -> str:
    name, n = f"{preferred}{suffix}", 2
    # Compared without case: some systems would unpack "Main" over "main".
    while name.lower() in taken:
        name, n = f"{preferred} ({n}){suffix}", n + 1
    taken.add(name.lower())
    return name
