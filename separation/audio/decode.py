"""Intake, seen from the side that never touches hostile bytes: a child process does the decoding.

The first bytes are looked at here (:mod:`separation.audio.sniff`); everything behind them is
read, decoded, resampled and measured by :mod:`separation.audio.decode_child`.
"""

import shutil
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from separation.audio.child_process import run_child
from separation.audio.sniff import sniff
from separation.errors import CorruptAudio, DiskFull, TooLarge, UnsupportedFormat
from separation.progress import Report, ignore_progress
from separation.settings import IntakeLimits


class SourceFacts(BaseModel):
    """What a source file says and what was decoded of it.

    ``codec``: such as ``pcm_16``, ``flac``, ``mp3``, ``aac``. ``bit_depth``: bits of one stored
    sample, ``None`` for lossy codecs. ``measured`` tells whether ``source_frames`` and
    ``duration_s`` were counted while decoding; otherwise they are the header's claim.
    ``warnings``: sentences for the person, such as a file that ends early.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    container: str
    codec: str
    bit_depth: int | None
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


_Facts = TypeVar("_Facts", bound=SourceFacts)


def cover_path(target: Path) -> Path:
    """Where :func:`decode_to_canonical` leaves the cover picture when there is one."""
    return target.with_name("cover.bin")


def probe(path: Path, limits: IntakeLimits) -> SourceFacts:
    """Prove that the first seconds of a file decode, without keeping the sound.

    Raises ``UnsupportedFormat``, ``EmptyAudio``, ``CorruptAudio``, ``TooLarge``, ``TooLong``,
    ``TooManyChannels``, ``SampleRateOutOfRange`` or ``DeadlineExceeded``.
    """
    # No target: probing writes nothing, and the child may not either.
    task = _task(path, path, limits, probe_s=limits.probe_s, max_output_bytes=0)
    done = run_child(task, wall_s=limits.probe_wall_s, on_progress=lambda _: None)
    return _validated(SourceFacts, done)


def decode_to_canonical(
    source: Path, target: Path, limits: IntakeLimits, *, report: Report = ignore_progress
) -> DecodedSong:
    """Decode ``source`` into ``target``: 44.1 kHz, two channels, float32 RF64.

    ``target`` has exactly ``frames_at(44100, source_frames, source_rate_hz)`` frames. A cover is
    left at :func:`cover_path`. Mono becomes two equal channels, more than two are mixed down.
    ``report`` is called five times a second while the decoder works, and what it raises stops the
    work at once.
    After any failure neither file is there. Raises what :func:`probe` does, and ``DiskFull``.
    """
    free_bytes = shutil.disk_usage(target.parent).free - limits.min_free_bytes
    if free_bytes <= 0:
        raise DiskFull("The server has too little disk space left. Try again later.")
    task = _task(source, target, limits, probe_s=None, max_output_bytes=free_bytes)
    done_share = 0.0

    def on_progress(fraction: float | None) -> None:
        nonlocal done_share
        done_share = max(done_share, fraction or 0.0)
        report(done_share, "Loading audio file")

    try:
        done = run_child(task, wall_s=limits.decode_wall_s, on_progress=on_progress)
        return _validated(DecodedSong, done)
    except BaseException:
        target.unlink(missing_ok=True)
        cover_path(target).unlink(missing_ok=True)
        raise


def _task(
    source: Path,
    target: Path,
    limits: IntakeLimits,
    *,
    probe_s: float | None,
    max_output_bytes: int,
) -> dict[str, Any]:
    """The child's task, after the checks that need no decoder."""
    if not source.is_file():
        raise UnsupportedFormat("There is no such file.")
    size_bytes = source.stat().st_size
    if size_bytes > limits.max_bytes:
        raise TooLarge(
            f"The file has {size_bytes / 1e6:.0f} MB; at most {limits.max_bytes / 1e6:.0f} MB "
            "are allowed."
        )
    sniffed = sniff(source)
    return {
        "source": str(source.resolve()),
        "target": str(target.resolve()),
        "container": sniffed.container,
        "reader": sniffed.reader,
        "probe_s": probe_s,
        "max_duration_s": limits.max_duration_s,
        "max_channels": limits.max_channels,
        "min_sample_rate_hz": limits.min_sample_rate_hz,
        "max_sample_rate_hz": limits.max_sample_rate_hz,
        "max_decode_ratio": limits.max_decode_ratio,
        "max_output_bytes": max_output_bytes,
        "memory_bytes": limits.decode_memory_bytes,
        "cpu_s": limits.decode_wall_s,
    }


def _validated(kind: type[_Facts], done: dict[str, Any]) -> _Facts:
    try:
        return kind.model_validate(done)
    except ValidationError as error:
        raise CorruptAudio("The file made the decoder return nonsense.") from error
