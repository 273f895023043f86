"""The contract of every separator."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from separation.ensemble import Ensemble
from separation.options import DEVICE, OVERLAP, SEED, SHIFTS, DeviceChoice
from separation.progress import Report, ignore_progress
from separation.settings import ANY_LICENCE, GPU_BATCH, EngineName, PrecisionName, RemoteSettings

if TYPE_CHECKING:
    # Not at run time: it imports pydantic, and the process that decodes starts for each song.
    from separation.storage.checkpoints import Checkpoints

SAMPLE_RATE_HZ = 44_100
"""Rate of the canonical song and of every stem between stages: what the MUSDB models were
trained at (Defossez, "Hybrid Spectrogram and Waveform Source Separation", 2021)."""

CHANNELS = 2


@dataclass(frozen=True)
class SeparatorOptions:
    """The options of a separator; each family ignores those that it has no use for.

    ``stems``: the requested stems, ``None`` for all. ``two_stems``: one stem and everything else as
    ``no_<stem>`` (karaoke); excludes ``stems``. ``segment_s``: window of the network in seconds,
    ``None`` for the model's own. ``overlap``: share of a window that the next one repeats,
    0 <= overlap < 1. ``shifts``: random time shifts averaged, 0 for none; ``seed`` makes them
    repeatable. ``model_dir`` holds fetched weights; ``repo`` is a local repository of weights
    and ``model_paths`` are folders of models, all named by the operator (pickles of Demucs are
    loaded from nowhere else). ``hub_timeout_s``: how long to wait for a silent download site,
    ``fetch_limit_s``: for a whole package with weights; ``hub_retry_s``: how long a failure is
    remembered.
    ``engine`` and ``precision`` are as in :class:`separation.settings.CoreSettings`, but by default
    the reference: torch in float32. ``cache_dir``: the folder of converted networks.
    ``gpu_batch``: the most windows at once on a GPU. ``cpu_fallback``: the separator itself goes on
    with the CPU when a GPU fails; off where the caller does that
    (:mod:`separation.routing.router`). ``remote``: the service that the separator ``remote`` uses.
    ``licences``: the operator's rule on models (:mod:`separation.catalogue.licences`), for a
    separator that chooses one itself. ``ensemble``: what the separator of that name combines.
    """

    model: str | None = None
    repo: Path | None = None
    model_dir: Path | None = None
    model_paths: tuple[Path, ...] = ()
    device: DeviceChoice = DEVICE.default
    shifts: int = SHIFTS.default
    overlap: float = OVERLAP.default
    segment_s: float | None = None
    seed: int = SEED.default
    stems: tuple[str, ...] | None = None
    two_stems: str | None = None
    offline: bool = False
    hub_timeout_s: float = 5.0
    fetch_limit_s: float = 600.0
    hub_retry_s: float = 300.0
    engine: EngineName = "torch"
    precision: PrecisionName = "exact"
    cache_dir: Path | None = None
    gpu_batch: int = GPU_BATCH
    cpu_fallback: bool = True
    remote: RemoteSettings | None = None
    licences: tuple[str, ...] = ANY_LICENCE
    ensemble: Ensemble | None = None


@dataclass(frozen=True)
class Validation:
    """Whether a separator can run here (its truth value), and if not, the reason in words."""

    ok: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.ok


@dataclass(frozen=True)
class MemberIdentity:
    """One member of an ensemble of separators; ``weights`` by stem, ``*`` for all other stems."""

    separator: str
    model: str
    version: str
    weights_digest: str
    engine: str
    precision: str
    device: str
    weights: dict[str, float]


@dataclass(frozen=True)
class Unavailable:
    """A preferred model that was not available; ``reason`` for whoever runs the site."""

    model: str
    reason: str


@dataclass(frozen=True)
class SeparatorIdentity:
    """Exactly what ran; part of the manifest and of the stage key.

    ``weights_digest``: sha256 over the weight files (hex), or over code version and constants for
    a separator without weights. ``notes``: what the person should know, such as why ``auto``
    chose this separator. ``source_digest``: sha256 (hex) of the file that the weights were
    converted from, if any. ``members``: those of an ensemble, in their order. ``unavailable``: the
    preferred models that this one replaced. ``notes`` and ``unavailable`` do not affect the stems.
    """

    separator: str
    model: str
    version: str
    weights_digest: str
    engine: str = "numpy"
    precision: str = "float32"
    device: str = "cpu"
    seed: int | None = None
    notes: tuple[str, ...] = field(default=())
    source_digest: str | None = None
    members: tuple[MemberIdentity, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()


class SeparatorModel(ABC):
    """Splits a canonical song into stems.

    A separator is built once and used for many songs. The first :meth:`separate` or :meth:`load`
    loads what is heavy (weights, compiled kernels), which is then kept. Importing its module must
    not import torch, because the web side reads the registry.
    """

    name: ClassVar[str]
    """Registry key, such as ``demucs``; also names the folder ``<name>_output``."""

    is_routed: ClassVar[bool] = False
    """Whether it runs networks, so that the operator's routes decide where it runs
    (:mod:`separation.routing.router`)."""

    def __init__(self, options: SeparatorOptions) -> None:
        self.options = options

    @abstractmethod
    def separate(
        self, input_path: Path, output_dir: Path, *, report: Report = ignore_progress
    ) -> dict[str, Path]:
        """Write one file per requested stem and return ``{stem: path}``.

        ``input_path``: a canonical song (44.1 kHz, two channels, float32 WAV or RF64, full scale
        1.0, not modified). Each stem is written to ``output_dir/<stem>.wav`` with the same layout
        and number of frames, in blocks, with memory that does not grow with the song.

        Raises ``ModelUnavailable``, ``OutOfMemory``, ``InvalidOptions`` and what ``report`` raises
        to cancel.
        """

    @abstractmethod
    def validate(self) -> Validation:
        """Whether this separator can run here. Cheap: loads no weights and does not import
        torch."""

    @abstractmethod
    def get_supported_tracks(self) -> list[str]:
        """The stems that :meth:`separate` returns for these options, in the model's own order."""

    @property
    def is_overlapping(self) -> bool:
        """Whether one sound may be in several stems (a guitar in "guitar" and in "strings"), so
        that the stems are no partition of the song."""
        return False

    @abstractmethod
    def identity(self) -> SeparatorIdentity:
        """Exactly what would run; may load the model."""

    def load(self, *, report: Report = ignore_progress) -> None:
        """Load what is heavy before the song, and fetch weights if need be; by default nothing.

        Called once for each song. ``report`` receives the progress of a download and may cancel it.
        """

    def close(self) -> None:
        """Free its memory. The separator may be used again and then loads again."""


class ResumableSeparator(SeparatorModel):
    """A separator that resumes where an earlier attempt at the same song was killed.

    It passes ``checkpoints`` to :class:`separation.audio.blocks.StemWriters`, which keeps finished
    frames and counts those that are finished already. The remaining frames must be equal, bit for
    bit, to those of a run without interruption.
    """

    @abstractmethod
    def separate(
        self,
        input_path: Path,
        output_dir: Path,
        *,
        report: Report = ignore_progress,
        checkpoints: "Checkpoints | None" = None,
    ) -> dict[str, Path]:
        """As in :class:`SeparatorModel`. Without ``checkpoints`` it starts at the beginning and
        keeps none."""


def separate_with(
    separator: SeparatorModel,
    input_path: Path,
    output_dir: Path,
    report: Report,
    checkpoints: "Checkpoints | None",
) -> dict[str, Path]:
    """Separate, with checkpoints where the separator supports them."""
    if isinstance(separator, ResumableSeparator):
        return separator.separate(input_path, output_dir, report=report, checkpoints=checkpoints)
    if checkpoints is not None:
        # A separator that wrote checkpoints may have failed before this one took its place.
        checkpoints.start_over()
    return separator.separate(input_path, output_dir, report=report)
