"""The previews of a job for the mixer: compressed audio, peaks and activity.

The pipeline writes them before it writes any track, so that users can hear stems while the job
still runs, and after it has failed. A job of an older version has none.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from jobs.models import Artifact, Job
from jobs.models.job import JobStatus
from jobs.models.stage import StageStatus
from separation.stage_table import DETAILS, LISTENING

FOLDER = "listen"
INDEX = f"{FOLDER}/index.json"
COVER = f"{FOLDER}/cover.jpg"

MOST_STEMS = 16
"""A browser's channel splitter has 32 channels, and each stem needs two."""

_log = logging.getLogger("jobs.listening")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True)


class PeakLevel(_Strict):
    """``count`` pairs of the lowest and the highest value, each of ``samples`` samples, from byte
    ``offset`` on."""

    samples: int
    offset: int
    count: int


class ListeningStem(_Strict):
    """The preview of one stem or part.

    ``preview`` and ``peaks``: files relative to the job's folder. ``offsets``: byte offsets of
    every ``stride``-th compressed frame. ``activity``: in seconds, None where it was not detected.
    ``stage``: the stage that computed the stem. ``parent``: the stem that this is a part or a
    version of.
    """

    name: str
    preview: str
    size_bytes: int
    offsets: list[int]
    peaks: str
    peak_levels: list[PeakLevel]
    activity: list[tuple[float, float]] | None = None
    stage: str = ""
    parent: str | None = None


class Listening(_Strict):
    """The index of all previews of a job.

    ``delay_samples``: samples that the encoder added before the ``frames`` of the song. ``parts``:
    tracks that were computed from stems. ``preview_gain_db``: the gain of the previews, None where
    they have the gain of the delivered tracks. ``gain_db``: the gain that a player applies before
    tracks are delivered.
    """

    sample_rate_hz: int
    frames: int
    delay_samples: int
    frame_samples: int
    stride: int
    stems: list[ListeningStem]
    parts: list[ListeningStem] = []
    preview_gain_db: float | None = None
    gain_db: float = 0.0

    def stem(self, name: str) -> ListeningStem | None:
        """The stem or part of this name; None if there is none."""
        return next((stem for stem in (*self.stems, *self.parts) if stem.name == name), None)


def listening_of(job: Job) -> Listening | None:
    """The index of the job's previews; None where there are none, or the index is unreadable."""
    return listening_in(job.directory)


def listening_in(directory: Path) -> Listening | None:
    """The index of the previews in ``directory``, as :func:`listening_of`."""
    path = directory / INDEX
    try:
        found = _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        _log.exception("%s: the index of what can be listened to is unreadable", directory)
        return None
    return found if found.stems or found.parts else None


def is_playable(job: Job) -> bool:
    """Whether stems can be heard now. Before the job is completed, they can be heard as soon as the
    stage that writes previews has ended, while the files exist."""
    if job.audio_deleted_at is not None:
        return False
    made = job.status == JobStatus.COMPLETED or any(
        stage.name == LISTENING and stage.status == StageStatus.COMPLETED
        for stage in job.stages.all()
    )
    return made and listening_of(job) is not None


def gain_of(job: Job, listening: Listening) -> float:
    """The factor that makes a preview as loud as its track. Before the tracks exist, it is the
    expected factor, which changes if a loud track causes all tracks to be lowered."""
    if listening.preview_gain_db is None:
        return 1.0
    gain_db = listening.gain_db
    if job.status == JobStatus.COMPLETED:
        # All audible tracks have the same gain.
        delivered = (a.gain_db for a in job.artifacts.all() if listening.stem(a.name))
        gain_db = next(delivered, gain_db) - listening.preview_gain_db
    return float(10 ** (gain_db / 20))


class MixerTrack(Protocol):
    """The track of a mixer lane: a delivered track, or one that is not written yet."""

    @property
    def name(self) -> str: ...

    @property
    def parent(self) -> str: ...

    @property
    def stage_name(self) -> str: ...


@dataclass(frozen=True)
class EarlyTrack:
    """A stem or part whose track is not written yet."""

    name: str
    parent: str
    stage_name: str


def early_tracks(job: Job) -> list[EarlyTrack]:
    """The playable tracks of a job that is not completed, in the order of ``playable_tracks``; none
    where the job is not playable yet."""
    if job.status == JobStatus.COMPLETED or not is_playable(job):
        return []
    listening = listening_of(job)
    assert listening is not None
    known = (*listening.stems, *listening.parts)
    return _in_order([EarlyTrack(each.name, each.parent or "", each.stage) for each in known])


def mixable_tracks(job: Job, artifacts: list[Artifact]) -> list[Artifact]:
    """The stems that can be mixed, in the order of the pipeline; none without previews. They add
    up to the song, so parts of stems are left out."""
    return [artifact for artifact in playable_tracks(job, artifacts) if not artifact.parent]


def playable_tracks(job: Job, artifacts: list[Artifact]) -> list[Artifact]:
    """The stems that can be mixed, each followed by its parts, as many as a browser can play beside
    all stems."""
    if job.status != JobStatus.COMPLETED or job.audio_deleted_at is not None:
        return []
    listening = listening_of(job)
    if listening is None:
        return []
    return _in_order([artifact for artifact in artifacts if listening.stem(artifact.name)])


_Track = TypeVar("_Track", bound=MixerTrack)


def _in_order(heard: Sequence[_Track]) -> list[_Track]:
    stems = [track for track in heard if not track.parent][:MOST_STEMS]
    parts = [track for track in heard if track.parent][: MOST_STEMS - len(stems)]
    names = [stem.name for stem in stems]
    in_order: list[_Track] = []
    for stem in stems:
        in_order += [stem, *(part for part in parts if part.parent == stem.name)]
    return [*in_order, *(part for part in parts if part.parent not in names)]


def overlapping_parents(job: Job) -> set[str]:
    """The stems whose parts overlap, so that the parts do not add up to the stem."""
    stages = job.manifest.get("stages") or []
    found = (stage.get("details") or {} for stage in stages if stage.get("name") == DETAILS)
    splits: dict[str, Any] = next(found, {}).get("splits") or {}
    return {stem for stem, each in splits.items() if each.get("is_overlapping")}


def has_cover(job: Job) -> bool:
    """Whether the job has a thumbnail of the song's cover."""
    return (job.directory / COVER).is_file()


@lru_cache(maxsize=32)
def _read(path: Path, modified_ns: int) -> Listening:
    """Read the index. It is cached, as each range request of a preview needs it; ``modified_ns``
    makes a rewritten file count as new."""
    return Listening.model_validate_json(path.read_bytes())


def listening_file(job: Job, relative: str) -> Path:
    """A file that the index names. Raises ``ValueError`` if it leaves the folder of previews."""
    return listening_file_in(job.directory, relative)


def listening_file_in(directory: Path, relative: str) -> Path:
    """A file that the index in ``directory`` names, as :func:`listening_file`."""
    root = (directory / INDEX).parent.resolve()
    file = (directory / relative).resolve()
    if not file.is_relative_to(root):
        raise ValueError(f"the path {relative!r} leaves the folder of previews")
    return file


def state_of(file: Path) -> str:
    """A digest of the file's name, size and time, which changes when the file does. Raises
    ``FileNotFoundError``."""
    known = file.stat()
    state = f"{file.name} {known.st_size} {known.st_mtime_ns}"
    return hashlib.sha256(state.encode()).hexdigest()
