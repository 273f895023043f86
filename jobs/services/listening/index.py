"""What the mixer plays and draws of a job: previews, peaks and where somebody sings.

The pipeline writes them before it writes any track, so that stems can be heard while the job still
runs, and after it has ended badly; a job of an older version has none.
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
"""Two channels each of the 32 that a browser's channel splitter has."""

_log = logging.getLogger("jobs.listening")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True)


class PeakLevel(_Strict):
    """``count`` pairs of lowest and highest, each of ``samples``, from byte ``offset`` on."""

    samples: int
    offset: int
    count: int


class ListeningStem(_Strict):
    """Files relative to the job's folder; ``offsets`` of every ``stride``-th compressed frame;
    ``activity`` in seconds, None where nobody looked for it; ``stage`` made it; ``parent``: the
    stem that this is a part or another version of."""

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
    """``delay_samples``: what the encoder put in front of the ``frames`` of the song. ``parts``:
    what was made of some of the stems. ``preview_gain_db``: what the previews were lowered by,
    None where they have the gain of the delivered tracks; ``gain_db``: what a player applies while
    there are no such tracks."""

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
        """A stem or a part."""
        return next((stem for stem in (*self.stems, *self.parts) if stem.name == name), None)


def listening_of(job: Job) -> Listening | None:
    """None where the pipeline made nothing to listen to, or what it made cannot be read."""
    path = job.directory / INDEX
    try:
        found = _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        _log.exception("job %s: the index of what can be listened to is unreadable", job.pk)
        return None
    return found if found.stems or found.parts else None


def is_playable(job: Job) -> bool:
    """Whether stems can be heard now. Of a job that is not completed they can as soon as the stage
    that makes them playable has ended, for as long as its files are here."""
    if job.audio_deleted_at is not None:
        return False
    made = job.status == JobStatus.COMPLETED or any(
        stage.name == LISTENING and stage.status == StageStatus.COMPLETED
        for stage in job.stages.all()
    )
    return made and listening_of(job) is not None


def gain_of(job: Job, listening: Listening) -> float:
    """The factor that makes a preview as loud as its track is, or, before there is one, as it will
    be if no other track is so loud that all are lowered for it."""
    if listening.preview_gain_db is None:
        return 1.0
    gain_db = listening.gain_db
    if job.status == JobStatus.COMPLETED:
        # One common gain for all that can be heard.
        delivered = (a.gain_db for a in job.artifacts.all() if listening.stem(a.name))
        gain_db = next(delivered, gain_db) - listening.preview_gain_db
    return float(10 ** (gain_db / 20))


class HeardTrack(Protocol):
    """What a lane of the mixer is made of: a delivered track, or one that is yet to be written."""

    @property
    def name(self) -> str: ...

    @property
    def parent(self) -> str: ...

    @property
    def stage_name(self) -> str: ...


@dataclass(frozen=True)
class EarlyTrack:
    """A stem, or what was made of one, of which there is no file."""

    name: str
    parent: str
    stage_name: str


def early_tracks(job: Job) -> list[EarlyTrack]:
    """Those of a job that is not completed, in the order of ``playable_tracks``; none where nothing
    is playable yet."""
    if job.status == JobStatus.COMPLETED or not is_playable(job):
        return []
    listening = listening_of(job)
    assert listening is not None
    known = (*listening.stems, *listening.parts)
    return _in_order([EarlyTrack(each.name, each.parent or "", each.stage) for each in known])


def mixable_tracks(job: Job, artifacts: list[Artifact]) -> list[Artifact]:
    """The stems that can be mixed, in the order of the pipeline; none where there is no preview.
    Together they are the song, so that what was made of a stem is not among them."""
    return [artifact for artifact in playable_tracks(job, artifacts) if not artifact.parent]


def playable_tracks(job: Job, artifacts: list[Artifact]) -> list[Artifact]:
    """The stems that can be mixed, each followed by what was made of it, as much of that as a
    browser can play beside all the stems."""
    if job.status != JobStatus.COMPLETED or job.audio_deleted_at is not None:
        return []
    listening = listening_of(job)
    if listening is None:
        return []
    return _in_order([artifact for artifact in artifacts if listening.stem(artifact.name)])


_Heard = TypeVar("_Heard", bound=HeardTrack)


def _in_order(heard: Sequence[_Heard]) -> list[_Heard]:
    stems = [track for track in heard if not track.parent][:MOST_STEMS]
    parts = [track for track in heard if track.parent][: MOST_STEMS - len(stems)]
    names = [stem.name for stem in stems]
    in_order: list[_Heard] = []
    for stem in stems:
        in_order += [stem, *(part for part in parts if part.parent == stem.name)]
    return [*in_order, *(part for part in parts if part.parent not in names)]


def overlapping_parents(job: Job) -> set[str]:
    """Those whose parts are no partition: they do not stand in for the stem."""
    stages = job.manifest.get("stages") or []
    found = (stage.get("details") or {} for stage in stages if stage.get("name") == DETAILS)
    splits: dict[str, Any] = next(found, {}).get("splits") or {}
    return {stem for stem, each in splits.items() if each.get("is_overlapping")}


def has_cover(job: Job) -> bool:
    """Whether there is a small picture of the song's cover."""
    return (job.directory / COVER).is_file()


@lru_cache(maxsize=32)
def _read(path: Path, modified_ns: int) -> Listening:
    """Kept, as each range of a preview asks for it; a file that was written anew is read anew."""
    return Listening.model_validate_json(path.read_bytes())


def listening_file(job: Job, relative: str) -> Path:
    """A file that the index names; that came from our own pipeline, yet must not lead elsewhere."""
    root = (job.directory / INDEX).parent.resolve()
    file = (job.directory / relative).resolve()
    if not file.is_relative_to(root):
        raise ValueError(f"the path {relative!r} leaves the folder of previews")
    return file


def state_of(file: Path) -> str:
    """A digest that changes with the file, without reading it. Raises ``FileNotFoundError``."""
    known = file.stat()
    state = f"{file.name} {known.st_size} {known.st_mtime_ns}"
    return hashlib.sha256(state.encode()).hexdigest()
