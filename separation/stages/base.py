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


class SongRange(BaseModel):
    """The stretch of a song that a job is about, in seconds of the song; ``song_s`` and
    ``song_frames`` (at the source's rate) are those of the whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start_s: float
    end_s: float
    song_s: float
    song_frames: int


class Song(BaseModel):
    """The canonical song as ``prepare`` measured it; every number counts decoded frames.

    ``path`` is relative to the job's ``work`` folder. ``frames`` at 44.1 kHz;
    ``source_frames`` at ``source_rate_hz`` as the file delivered them. ``peak`` is linear,
    ``mean`` and ``std`` are those of the mono mix. ``tags``: cleaned text tags. Where only a
    stretch of the song was asked for, ``range`` says which, and all other numbers are its.
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


class ArtifactRecord(BaseModel):
    """One delivered file; ``path`` is relative to the job's folder.

    ``gain_db``: the common gain that was applied so that nothing clips; the same for all tracks of
    one job's family, so that stems plus residual sum to the mixture times that gain. ``parent``:
    the name of the track of which this is a part or another version, such as a stem that was split
    again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

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


class SidecarRecord(BaseModel):
    """A file that lies beside the delivered tracks and is none, such as what a mixer plays;
    ``path`` is relative to the job's folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    sha256: str
    size_bytes: int


class StageResult(BaseModel):
    """What a stage made: recipes for tracks, facts for the manifest, sentences for the person;
    ``quality``: of the stage of that name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    song: Song | None = None
    tracks: tuple[Track, ...] = ()
    artifacts: tuple[ArtifactRecord, ...] = ()
    sidecars: tuple[SidecarRecord, ...] = ()
    details: dict[str, Any] = {}
    warnings: tuple[str, ...] = ()
    quality: QualityReport | None = None


SeparatorSource = Callable[[str, SeparatorOptions], SeparatorModel]
"""Gives a separator by registry name and options, the same object for the same question."""


@dataclass(frozen=True)
class StageContext:
    """What a stage may use. ``work_dir`` is ``job_dir/work``; paths of terms are relative to it.

    ``out_dir`` is this stage's own temporary folder; the pipeline renames it to
    ``work_dir/<stage name>`` after success, so a term of this stage has the path
    ``<stage name>/<file>``. ``song`` is None only for ``prepare``. ``checkpoints``: for a
    stage that takes so long that the next attempt should go on in its middle; None for none.
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
    """Stages that must stand before this one in a pipeline."""

    def __init__(self, params: P) -> None:
        self.params = params

    @property
    def activity(self) -> str:
        """What the stage does, for the progress line."""
        return STAGES[self.name].activity

    def key_material(self, context: StageContext) -> dict[str, Any]:
        """What else decides the output besides input, version and parameters (model digest)."""
        return {}

    def validate_input(self, context: StageContext) -> None:
        """Raise a ``SeparationError`` when what the stage needs is not there."""

    @abstractmethod
    def execute(self, context: StageContext) -> StageResult:
        """Do the work; may raise any ``SeparationError`` and what ``context.report`` raises."""
