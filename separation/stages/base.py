"""The contract of a stage.

A stage is a versioned transform with a validated parameter set. It reads the song and the tracks
of earlier stages, writes float files only under ``context.out_dir``, and returns recipes. The
pipeline does the rest: keys, temporary folders, hashing, receipts, resume.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from separation.audio.tracks import Track
from separation.base import SeparatorModel, SeparatorOptions
from separation.progress import Report
from separation.protocol.jobspec import JobSpec
from separation.quality.report import QualityReport
from separation.settings import CoreSettings
from separation.stage_table import STAGES
from separation.storage.checkpoints import Checkpoints


class StageParams(BaseModel):
    """Base of every parameter set: frozen, and an unknown parameter is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DeliveredRecord(BaseModel):
    """A record that is also in the manifest: it keeps unknown fields of a later minor version."""

    model_config = ConfigDict(frozen=True, extra="allow")


class SongRange(DeliveredRecord):
    """The part of a song that a job processes, in seconds of the song. ``song_s`` and
    ``song_frames`` (at the source's rate) are the length of the whole song."""

    start_s: float
    end_s: float
    song_s: float
    song_frames: int


class Song(BaseModel):
    """The canonical song as ``prepare`` measured it; every number counts decoded frames.

    ``path`` is relative to the job's ``work`` folder. ``frames`` at 44.1 kHz;
    ``source_frames`` at ``source_rate_hz`` as decoded from the file. ``peak`` is linear,
    ``mean`` and ``std`` are those of the mono mix. ``tags``: cleaned text tags. ``range``: the
    requested part of the song, and then all other numbers describe this part; None for the whole.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    frames: int
    peak: float
    mean: float
    std: float
    source_frames: int
    source_rate_hz: int
    source_channels: int
    container: str
    codec: str
    duration_s: float
    input_digest: str
    tags: dict[str, str] = {}
    range: SongRange | None = None


class ArtifactRecord(DeliveredRecord):
    """One delivered file; ``path`` is relative to the job's folder.

    ``gain_db``: the common gain that was applied so that nothing clips. It is the same for all
    tracks of one job's family, so stems plus residual sum to the mixture times that gain.
    ``parent``: the name of the track that this one is a part or another version of, such as a stem
    that was split again. ``note``: what the track is, where its name does not say so. ``same_as``:
    the name of an earlier track that is the same sound; both have one file.
    """

    name: str
    path: str
    stage: str
    format: str
    sha256: str
    size_bytes: int
    frames: int
    sample_rate_hz: int
    channels: int
    duration_s: float
    gain_db: float
    peak_dbfs: float | None
    true_peak_dbtp: float | None
    loudness_lufs: float | None
    parent: str | None = None
    note: str = ""
    same_as: str | None = None


class SidecarRecord(DeliveredRecord):
    """A delivered file that is no track, such as a preview for the mixer; ``path`` is relative to
    the job's folder."""

    path: str
    sha256: str
    size_bytes: int


class StageResult(BaseModel):
    """The result of a stage: recipes for tracks, details for the manifest, warnings for the person.
    Only the stage of that name returns ``quality``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    song: Song | None = None
    tracks: tuple[Track, ...] = ()
    artifacts: tuple[ArtifactRecord, ...] = ()
    sidecars: tuple[SidecarRecord, ...] = ()
    details: dict[str, Any] = {}
    warnings: tuple[str, ...] = ()
    quality: QualityReport | None = None


SeparatorSource = Callable[[str, SeparatorOptions], SeparatorModel]
"""Returns a separator for a registry name and options; the same object for the same arguments."""


@dataclass(frozen=True)
class StageContext:
    """What a stage may use. ``work_dir`` is ``job_dir/work``; paths of terms are relative to it.

    ``out_dir`` is this stage's own temporary folder; the pipeline renames it to
    ``work_dir/<stage name>`` after success, so a term of this stage has the path
    ``<stage name>/<file>``. ``song`` is None only for ``prepare``. ``checkpoints``: for a
    long stage, so that the next attempt resumes in its middle; None where none are kept.
    """

    spec: JobSpec
    settings: CoreSettings
    work_dir: Path
    out_dir: Path
    report: Report
    separators: SeparatorSource
    song: Song | None = None
    tracks: Mapping[str, Track] = field(default_factory=dict)
    checkpoints: Checkpoints | None = None

    def require_song(self) -> Song:
        if self.song is None:
            raise RuntimeError("this stage needs `prepare` before it")
        return self.song


P = TypeVar("P", bound=StageParams)


class PipelineStage(ABC, Generic[P]):
    """One stage; see the module's docstring. Raise the version when the output would change."""

    name: ClassVar[str]
    processor_type: ClassVar[str]
    version: ClassVar[int]
    params_type: ClassVar[type[StageParams]]
    needs: ClassVar[tuple[str, ...]] = ()
    """Stages that must come before this one in a pipeline."""

    def __init__(self, params: P) -> None:
        self.params = params

    @property
    def activity(self) -> str:
        """What the stage does, in words for the progress line."""
        return STAGES[self.name].activity

    def key_material(self, context: StageContext) -> dict[str, Any]:
        """What decides the output besides input, version and parameters, such as a model digest."""
        return {}

    def validate_input(self, context: StageContext) -> None:
        """Raises a ``SeparationError`` where the input that the stage needs is missing."""

    @abstractmethod
    def execute(self, context: StageContext) -> StageResult:
        """Do the work. Raises any ``SeparationError`` and what ``context.report`` raises."""
