"""The decoding child: a separate process that handles the hostile bytes of one file and ends.

Only :mod:`separation.audio.decoding.decode` runs it. It writes JSON lines to standard output:
``{"ready": true}`` when all its modules are loaded, ``{"fraction": f}`` while it works (``null``
when the length is unknown), then one of ``{"done": {...}}`` and ``{"error": code, "detail":
words}``. Each line includes ``peak_bytes``, its peak memory so far. It imports neither torch nor
scipy, as every upload starts one.
"""

import contextlib
import errno
import hashlib
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from separation.audio.blocks import FloatArray, FloatWriter
from separation.audio.decoding.canonical import ToCanonical
from separation.audio.decoding.open_reader import open_reader
from separation.audio.decoding.readers import FFMPEG_CONTAINERS, AudioReader, SoundForm
from separation.audio.decoding.sniff import Sniffed
from separation.audio.metadata.tags import read_tags
from separation.audio.metering.measure import SongMeasure
from separation.audio.names import clean_tags
from separation.audio.resample import frames_at
from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.errors import (
    CorruptAudio,
    DecoderUnavailable,
    DiskFull,
    EmptyAudio,
    SampleRateOutOfRange,
    SeparationError,
    TooLarge,
    TooLong,
    TooManyChannels,
)
from separation.sandbox.confine import confine
from separation.system.processes import OWN_STATUS, own_peak_bytes

PROGRESS_INTERVAL_S = 0.1
_BYTES_PER_FRAME = CHANNELS * 4
_CUT_TOLERANCE_S = 0.1
"""Headers of lossy files count the padding of the codec; a file that is shorter by less than this
is not cut off."""

_LOUDEST = 2.0**32
"""Limit of samples, relative to full scale. Integers of 32 bits that were written as floats stay
below it, and its square fits into float32, in which later stages compute."""

_LEAST_SHARE = 0.01
"""Least share of the claimed length that must decode; with less, the person meant to send another
file."""


@dataclass(frozen=True)
class ChildTask:
    """The task from the parent, which sends it as JSON.

    ``count_until``: for a probe, the time (``time.monotonic()``, which is the same in all
    processes) after which no further block is decoded; ``None``: decode into ``target``.
    ``track``: number of the sound track, from 0; ``None``: the first.
    """

    source: str
    target: str
    container: str
    reader: str
    count_until: float | None
    max_duration_s: float | None
    max_channels: int
    min_sample_rate_hz: int
    max_sample_rate_hz: int
    max_decode_ratio: float
    max_output_bytes: int
    memory_bytes: int
    cpu_s: float
    track: int | None = None


class _Intake:
    """Reads one source from start to end, and stops at every limit."""

    def __init__(self, task: ChildTask, reader: AudioReader) -> None:
        self.task = task
        self.reader = reader
        self.ended = False
        self._frames: dict[int, int] = {}
        self._samples = 0
        self._changes: list[str] = []
        self._size_bytes = max(Path(task.source).stat().st_size, 1)
        self._last_report_s = 0.0
        self._check_form(reader.form)
        if reader.header_frames is not None:
            self._check_duration(Fraction(reader.header_frames, reader.rate_hz))

    @property
    def seconds(self) -> Fraction:
        """Duration that was decoded so far."""
        return sum((Fraction(count, rate) for rate, count in self._frames.items()), Fraction(0))

    @property
    def frames(self) -> int:
        """The same duration in frames at the rate with which the file begins."""
        return math.ceil(self.seconds * self.reader.rate_hz)

    def _check_form(self, form: SoundForm) -> None:
        task = self.task
        if form.channels > task.max_channels:
            raise TooManyChannels(
                f"The file has {form.channels} channels; at most {task.max_channels} are allowed."
            )
        if not task.min_sample_rate_hz <= form.rate_hz <= task.max_sample_rate_hz:
            raise SampleRateOutOfRange(
                f"The sample rate is {form.rate_hz} Hz; it must lie between "
                f"{task.min_sample_rate_hz} and {task.max_sample_rate_hz} Hz."
            )

    def _check_duration(self, seconds: Fraction) -> None:
        limit_s = self.task.max_duration_s
        if limit_s is not None and seconds > limit_s:
            raise TooLong(
                f"The song is longer than the {limit_s:g} seconds that are allowed. Cut it first."
            )

    def blocks(self) -> Iterator[tuple[SoundForm, FloatArray]]:
        """Yield the source's blocks, counted and checked; end early after ``count_until``."""
        until, form = self.task.count_until, self.reader.form
        for block in self.reader.blocks():
            if self.reader.form != form:
                self._note_change(form, self.reader.form)
                form = self.reader.form
            self._count(form, block)
            _check_samples(block)
            self._report_progress()
            yield form, block
            if until is not None and time.monotonic() > until:
                self._check_remainder()
                return
        self.ended = True
        self._check_end()

    def _note_change(self, before: SoundForm, after: SoundForm) -> None:
        self._check_form(after)
        # A first block that differs from the header is no change.
        if self._samples and before[:2] != after[:2]:
            self._changes.append(
                f"at {float(self.seconds):.1f} s, from {_in_words(before)} to {_in_words(after)}"
            )

    def _count(self, form: SoundForm, block: FloatArray) -> None:
        self._frames[form.rate_hz] = self._frames.get(form.rate_hz, 0) + block.shape[1]
        self._samples += block.size
        self._check_duration(self.seconds)
        self._check_ratio(self._samples)

    def _check_remainder(self) -> None:
        """Check the ratio for the whole file, on the assumption that the remainder unpacks like the
        decoded part. The header is ignored: a false one must neither let a bomb pass nor refuse a
        song."""
        share = min(self.reader.position_bytes() / self._size_bytes, 1.0)
        if share:
            self._check_ratio(self._samples / share)

    def _check_ratio(self, samples: float) -> None:
        decoded = samples * (self.reader.bit_depth or 16) / 8
        if decoded > self.task.max_decode_ratio * self._size_bytes:
            raise TooLarge(
                "The file unpacks to more than "
                f"{self.task.max_decode_ratio:g} times its size, which no real song does."
            )

    def _check_end(self) -> None:
        reader = self.reader
        if self.frames == 0:
            if reader.warnings or reader.header_frames:
                raise CorruptAudio("Nothing in the file decodes. Export or download it again.")
            raise EmptyAudio("The file holds no sound.")
        claimed = reader.header_frames or 0
        if self.frames < _LEAST_SHARE * claimed:
            raise CorruptAudio("Next to nothing of the file decodes. Export or download it again.")
        if self._changes:
            more = f", and {len(self._changes) - 1} times more" if len(self._changes) > 1 else ""
            reader.warnings.append(
                f"The sound changes its format {self._changes[0]}{more}; all of it was used."
            )
        missing = claimed - self.frames - reader.lost_frames
        if missing > _CUT_TOLERANCE_S * reader.rate_hz:
            reader.warnings.append(
                f"The file ends {missing / reader.rate_hz:.1f} s before its header says; "
                "what is there was used."
            )

    def _report_progress(self) -> None:
        now = time.monotonic()
        if now - self._last_report_s < PROGRESS_INTERVAL_S:
            return
        self._last_report_s = now
        total = self.reader.header_frames
        send_message({"fraction": min(self.frames / total, 1.0) if total else None})

    def facts(self) -> dict[str, Any]:
        reader = self.reader
        frames = self.frames if self.ended else max(reader.header_frames or 0, self.frames)
        return {
            "container": self.task.container,
            "codec": reader.codec,
            "bit_depth": reader.bit_depth,
            "source_rate_hz": reader.rate_hz,
            "source_channels": reader.channels,
            "source_frames": frames,
            "duration_s": frames / reader.rate_hz,
            "measured": self.ended,
        }


def _check_samples(block: FloatArray) -> None:
    # The maximum of a block with NaN is NaN, and every comparison with NaN is false.
    peak = np.abs(block).max(initial=0.0)
    if peak <= _LOUDEST:
        return
    if np.isfinite(peak):
        what = f"{peak:.1g} times as loud as full scale, which no sound is"
    else:
        what = "that are not numbers (NaN or infinity)"
    raise CorruptAudio(
        f"The file contains samples {what}. Export it again from the program that made it."
    )


def _in_words(form: SoundForm) -> str:
    return f"{form.rate_hz} Hz with {form.channels} channel{'s' * (form.channels != 1)}"


def send_message(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({**message, "peak_bytes": own_peak_bytes()}) + "\n")
    sys.stdout.flush()


def _probe(task: ChildTask, reader: AudioReader) -> dict[str, Any]:
    intake = _Intake(task, reader)
    for _ in intake.blocks():
        pass
    return intake.facts()


def _decode(task: ChildTask, reader: AudioReader) -> dict[str, Any]:
    intake = _Intake(task, reader)
    measure = SongMeasure()
    canonical = ToCanonical()
    with FloatWriter(Path(task.target)) as writer:

        def put(blocks: list[FloatArray]) -> None:
            for block in blocks:
                measure.write(block)
                if measure.frames * _BYTES_PER_FRAME > task.max_output_bytes:
                    raise DiskFull("There is not enough disk space to decode the song.")
                _write(writer, block)

        for form, block in intake.blocks():
            put(canonical.write(form, block))
        put(canonical.finish(frames_at(SAMPLE_RATE_HZ, intake.frames, reader.rate_hz)))
    return {
        **intake.facts(),
        "frames": measure.frames,
        "peak": measure.peak,
        "mean": measure.mean,
        "std": measure.std,
        "input_digest": _sha256(Path(task.source)),
    }


def _write(writer: FloatWriter, block: FloatArray) -> None:
    try:
        writer.write(block)
    # soundfile asserts that everything was written, so a full disk may raise either error.
    except (soundfile.LibsndfileError, AssertionError) as error:
        raise DiskFull("The disk was full before the song was decoded.") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tags(task: ChildTask, reader: AudioReader) -> dict[str, Any]:
    """Read tags and cover; any error becomes a warning, as tags do not decide whether a song is
    accepted."""
    warnings: list[str] = []
    tags: dict[str, str] = {}
    cover: bytes | None = None
    try:
        tags, cover = read_tags(Path(task.source), task.container, reader.codec)
    except Exception as error:
        warnings.append(f"The tags could not be read ({type(error).__name__}).")
    if cover is not None and task.count_until is None:
        Path(task.target).with_name("cover.bin").write_bytes(cover)
    tags = {**clean_tags(reader.text_tags()), **tags}
    return {"tags": tags, "has_cover": cover is not None, "warnings": reader.warnings + warnings}


def run_task(task: ChildTask) -> dict[str, Any]:
    """Do one task in this process, confined or not; raises the named errors."""
    sniffed = Sniffed(task.container, task.reader)  # type: ignore[arg-type]
    work: Callable[[ChildTask, AudioReader], dict[str, Any]]
    work = _decode if task.count_until is None else _probe
    with open_reader(Path(task.source), sniffed, task.track) as reader:
        return {**work(task, reader), **_tags(task, reader)}


def main(text: str) -> None:
    """Do the task in ``text`` (JSON); the result is the last line on standard output."""
    task = ChildTask(**json.loads(text))
    if task.reader == "pyav" or task.track or task.container in FFMPEG_CONTAINERS:
        # Its import starts threads, which the confinement forbids.
        import separation.audio.decoding.pyav_reader  # noqa: F401
    # An error before this message is no fault of the file.
    send_message({"ready": True})
    confine(
        memory_bytes=task.memory_bytes,
        cpu_s=task.cpu_s,
        file_bytes=task.max_output_bytes + 2**20,
        # `own_peak_bytes` reads the second.
        readable=[task.source, OWN_STATUS],
        # The cover is saved beside the song. A probe writes nothing.
        writable=[] if task.count_until is not None else [str(Path(task.target).parent)],
    )
    try:
        send_message({"done": run_task(task)})
    except SeparationError as error:
        send_message({"error": error.code, "detail": error.detail})
    except ImportError as error:
        # Some modules are imported only when a file needs them.
        sys.stderr.write(f"{error}\n")
        send_message({"error": DecoderUnavailable.code, "detail": DecoderUnavailable().detail})
    except MemoryError:
        send_message(
            {
                "error": CorruptAudio.code,
                "detail": "Decoding the file takes more memory than is allowed. "
                "Convert it to plain WAV or FLAC.",
            }
        )
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        send_message({"error": DiskFull.code, "detail": "The disk is full."})
    # All files are closed. Libraries that hostile input has confused may hang or crash at exit.
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(0)
