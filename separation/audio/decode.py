"""Intake, seen from the side that must not touch hostile bytes: a child process does the decoding."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from separation.progress import Report, ignore_progress
from separation.settings import IntakeLimits


class SourceFacts(BaseModel):
    """What a source file says and what was decoded of it.

    ``bit_depth``: bits of one stored sample, None for lossy codecs. ``measured`` tells whether
    ``source_frames`` and ``duration_s`` were counted while decoding; otherwise they are the
    header's claim. ``warnings``: sentences for the person, such as a file that ends early.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    container: str
    codec: str
    subtype: str
    bit_depth: int | None
    is_float: bool
    source_rate_hz: int
    source_channels: int
    source_frames: int
    duration_s: float
    measured: bool
    tags: dict[str, str] = {}
    has_cover: bool = False
    warnings: tuple[str, ...] = ()


class DecodedSong(SourceFacts):
    """A source after decoding: the facts, all counted, and measures of the canonical file.

    ``frames`` at 44.1 kHz; ``peak`` linear over both channels; ``mean`` and ``std`` (Bessel's
    correction, as torch computes it) of the mono mix; ``input_digest``: sha256 of the source.
    """

    frames: int
    peak: float
    mean: float
    std: float
    input_digest: str


def cover_path(target: Path) -> Path:
    """Where :func:`decode_to_canonical` leaves the cover picture when there is one."""
    return target.with_name("cover.bin")


def probe(path: Path, limits: IntakeLimits) -> SourceFacts:
    """Prove that the first seconds of a file decode, without keeping the sound."""
    raise NotImplementedError


def decode_to_canonical(
    source: Path, target: Path, limits: IntakeLimits, *, report: Report = ignore_progress
) -> DecodedSong:
    """Decode ``source`` into ``target``: 44.1 kHz, two channels, float32 RF64."""
    raise NotImplementedError
