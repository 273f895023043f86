"""Intake in the parent process, which decodes nothing: a child process handles the hostile bytes.

The parent checks the first bytes (:mod:`separation.audio.decoding.sniff`). The child
(:mod:`separation.audio.decoding.decode_child`) reads, decodes, resamples and measures the file.
"""

import os
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NonNegativeFloat, ValidationError

from separation.audio.decoding.child_process import run_child
from separation.audio.decoding.sniff import sniff
from separation.audio.metadata.covers import MAX_COVER_BYTES, clean_cover
from separation.audio.names import clean_tags, one_line
from separation.audio.resample import frames_at
from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.errors import CorruptAudio, DiskFull, FileUnavailable, SeparationError, TooLarge
from separation.progress import Report, ignore_progress
from separation.settings import IntakeLimits

if TYPE_CHECKING:
    from separation.audio.decoding.decoder_pool import DecoderPool
_Word = Annotated[str, Field(pattern=r"\A[a-z0-9_]{1,32}\z")]
_Count = Annotated[int, Field(ge=0, lt=2**53)]
_Line = Annotated[str, AfterValidator(one_line)]


class SourceFacts(BaseModel):
    """Facts of a source file, from its header and from decoding it.

    ``codec``: such as ``pcm_16``, ``flac``, ``mp3``, ``aac``. ``bit_depth``: bits of one stored
    sample, ``None`` for lossy codecs. ``measured``: whether ``source_frames`` and ``duration_s``
    were counted while decoding; otherwise they are the header's claim. ``warnings``: sentences for
    the person, such as that the file ends early. All text is cleaned, as it comes from a process
    that works on hostile bytes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    container: _Word
    codec: _Word
    bit_depth: _Count | None
    source_rate_hz: _Count
    source_channels: _Count
    source_frames: _Count
    duration_s: NonNegativeFloat
    measured: bool
    tags: Annotated[dict[str, str], AfterValidator(clean_tags)] = {}
    has_cover: bool = False
    warnings: tuple[_Line, ...] = ()


class DecodedSong(SourceFacts):
    """A decoded source: its facts, all of them counted, and measures of the canonical file.

    ``frames`` at 44.1 kHz; ``peak`` linear over both channels; ``mean`` and ``std`` (Bessel's
    correction, as torch computes it) of the mono mix; ``input_digest``: sha256 of the source.
    """

    frames: _Count
    peak: NonNegativeFloat
    mean: float
    std: NonNegativeFloat
    input_digest: str


_Facts = TypeVar("_Facts", bound=SourceFacts)
_SAMPLE_BYTES = 4


def cover_path(target: Path) -> Path:
    """Return the path at which :func:`decode_to_canonical` saves the cover picture, if any."""
    return target.with_name("cover.bin")


def read_cover(target: Path) -> bytes | None:
    """Return the cleaned cover of a decoded song; ``None`` where none can be shown."""
    # A process that works on hostile bytes wrote it: follow no link, and limit the size.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        with os.fdopen(os.open(cover_path(target), flags), "rb") as file:
            cover = clean_cover(file.read(MAX_COVER_BYTES + 1))
    except OSError:
        return None
    return cover.data if cover else None


def probe(
    path: Path,
    limits: IntakeLimits,
    *,
    work_dir: Path | None = None,
    on_peak: Callable[[int], None] = lambda _: None,
    decoder_pool: "DecoderPool | None" = None,
) -> SourceFacts:
    """Decode a file without keeping the sound, and count its frames.

    If decoding takes longer than ``limits.probe_count_s``, the length is the header's claim
    (``SourceFacts.measured``). ``work_dir``: the folder for the decoded song, which need not exist
    yet; its disk is checked for room. ``on_peak`` receives the peak memory of the decoder in bytes.
    ``decoder_pool``: forks the decoder, which is faster where many files are probed.

    Raises ``FileUnavailable``, ``UnsupportedFormat``, ``EmptyAudio``, ``CorruptAudio``,
    ``TooLarge``, ``TooLong``, ``TooManyChannels``, ``SampleRateOutOfRange``, ``DiskFull`` or
    ``DeadlineExceeded``.
    """
    until = time.monotonic() + limits.probe_count_s
    # There is no target: probing writes nothing, and the child is not allowed to write.
    task = _task(path, path, limits, count_until=until, max_output_bytes=0)
    done = run_child(
        task,
        wall_s=limits.probe_wall_s,
        on_progress=lambda _: None,
        on_peak=on_peak,
        decoder_pool=decoder_pool,
    )
    facts = _validated(SourceFacts, done)
    if work_dir is not None:
        _check_room(facts, work_dir, limits)
    return facts


def decode_to_canonical(
    source: Path,
    target: Path,
    limits: IntakeLimits,
    *,
    report: Report = ignore_progress,
    track: int | None = None,
) -> DecodedSong:
    """Decode ``source`` into ``target``: 44.1 kHz, two channels, float32 RF64.

    ``target`` has exactly ``frames_at(44100, source_frames, source_rate_hz)`` frames. A cover is
    saved at :func:`cover_path`. Mono becomes two equal channels, more than two are downmixed.
    ``report`` is called five times a second while the decoder works; an error that it raises stops
    the work at once. ``track``: number of the sound track in the file, from 0; by default the
    first, with a warning where there are others.
    After a failure neither file exists. Raises the errors of :func:`probe`, and ``DiskFull``.
    """
    free_bytes = shutil.disk_usage(target.parent).free - limits.min_free_bytes
    if free_bytes <= 0:
        raise DiskFull("The server has too little disk space left. Try again later.")
    task = _task(source, target, limits, count_until=None, max_output_bytes=free_bytes)
    task["track"] = track
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
    count_until: float | None,
    max_output_bytes: int,
) -> dict[str, Any]:
    """Run the checks that need no decoder, and return the child's task."""
    size_bytes = _size_of(source)
    if size_bytes > limits.max_bytes:
        raise TooLarge(
            f"The file has {size_bytes / 1e6:.0f} MB; at most {limits.max_bytes / 1e6:.0f} MB "
            "are allowed."
        )
    try:
        sniffed = sniff(source)
    except OSError as error:
        raise _unavailable(error) from error
    return {
        "source": str(source.resolve()),
        "target": str(target.resolve()),
        "container": sniffed.container,
        "reader": sniffed.reader,
        "count_until": count_until,
        "max_duration_s": limits.max_duration_s,
        "max_channels": limits.max_channels,
        "min_sample_rate_hz": limits.min_sample_rate_hz,
        "max_sample_rate_hz": limits.max_sample_rate_hz,
        "max_decode_ratio": limits.max_decode_ratio,
        "max_output_bytes": max_output_bytes,
        "memory_bytes": limits.decode_memory_bytes,
        "cpu_s": limits.decode_wall_s if count_until is None else limits.probe_wall_s,
    }


def _size_of(source: Path) -> int:
    """Return the size of a regular file without opening it: opening a pipe would wait for its other
    end."""
    try:
        status = source.stat()
    except OSError as error:
        raise _unavailable(error) from error
    except ValueError as error:
        raise FileUnavailable("No file can have this name.") from error
    if stat.S_ISDIR(status.st_mode):
        raise FileUnavailable("This is a folder. Name the songs in it.")
    if not stat.S_ISREG(status.st_mode):
        raise FileUnavailable("This is a device, a pipe or a socket, and no ordinary file.")
    return status.st_size


def _unavailable(error: OSError) -> SeparationError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return FileUnavailable("There is no such file. Check its name.")
    if isinstance(error, PermissionError):
        return FileUnavailable("The file may not be read. Check its rights.")
    return FileUnavailable(f"The file cannot be read ({error.strerror}).")


def _check_room(facts: SourceFacts, work_dir: Path, limits: IntakeLimits) -> None:
    frames = frames_at(SAMPLE_RATE_HZ, facts.source_frames, facts.source_rate_hz)
    needed_bytes = frames * CHANNELS * _SAMPLE_BYTES
    existing = next(path for path in (work_dir, *work_dir.absolute().parents) if path.is_dir())
    if shutil.disk_usage(existing).free - limits.min_free_bytes < needed_bytes:
        raise DiskFull(
            f"Decoded, the song takes {needed_bytes / 1e6:.0f} MB, and the server has less disk "
            "space left at the moment. Try again later."
        )


def _validated(kind: type[_Facts], done: dict[str, Any]) -> _Facts:
    facts = {name: value for name, value in done.items() if name != "peak_bytes"}
    try:
        return kind.model_validate(facts)
    except ValidationError as error:
        raise CorruptAudio("The file made the decoder return nonsense.") from error
