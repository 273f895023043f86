"""Checkpoints of a long stage, from which the next attempt continues.

A separator writes its stems into the temporary folder of its attempt. A checkpoint flushes the
written frames to the disk and then writes a small record beside them: the key of the stage, the
number of finished frames of every stem, and the bytes that hold them. The record replaces the one
before in one step, so the bytes that a record names exist, whatever kills the process.

The next attempt *copies* these bytes into its own folder and continues behind them. It does not
take over the files: an earlier attempt that was only suspended still has them open, would continue
to write into them after any renaming, and nothing could stop it. The copy is verified by its
checksum and costs a small part of a separation. The old attempt keeps files that have no name any
more.

A stage may consist of several separations (:meth:`Checkpoints.part`). Each has its own folder and
record inside the folder of the stage, and the record of the stage states only that there are parts.
"""

import logging
import shutil
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from separation.errors import Cancelled
from separation.progress import Report, ignore_progress, never_pause, never_stop
from separation.storage.atomic_files import sync, write_durably

RECORD_NAME = "checkpoint.json"
FINISHED = "finished"
"""Value of ``made_by`` where all frames of the stage are finished."""

PAUSED = "The job stopped where it can go on, to let others go first."
"""Message of a job that paused behind a checkpoint or between two stages."""

_CHUNK_BYTES = 1 << 20
_log = logging.getLogger("checkpoint")


class CheckpointDamaged(Exception):
    """The bytes on the disk differ from those that the record names."""


class SavedBytes(BaseModel):
    """Bytes ``start`` to ``stop`` of a stem's file, which begin after its header."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: int = Field(ge=0)
    stop: int = Field(ge=0)
    crc32: int


class CheckpointRecord(BaseModel):
    """``key``: key of the unfinished stage. ``made_by``: what computed the frames, such as a GPU or
    the CPU, where the key does not include it. ``files``: by stem, in the folder of the record.
    ``has_parts``: the record has no files; the finished frames are in folders of parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    made_by: str
    frames: int = Field(ge=0)
    files: dict[str, SavedBytes]
    has_parts: bool = False


@dataclass(frozen=True)
class Earlier:
    """The checkpoint of an earlier attempt at the same stage."""

    folder: Path
    record: CheckpointRecord

    def check_length(self, frame_bytes: int) -> None:
        """Raise ``CheckpointDamaged`` if the bytes of a stem do not fit the record's frames."""
        for stem, saved in self.record.files.items():
            if saved.stop - saved.start != self.record.frames * frame_bytes:
                raise CheckpointDamaged(f"{stem} has another length than the frames that it holds")

    def read(self, stem: str) -> Iterator[bytes]:
        """Yield the finished bytes of a stem, in blocks. Raises ``CheckpointDamaged``, possibly
        only after the last block."""
        saved = self.record.files[stem]
        crc = 0
        try:
            for chunk in _chunks(_file_of(self.folder, stem), saved.start, saved.stop):
                crc = zlib.crc32(chunk, crc)
                yield chunk
        except OSError as error:
            raise CheckpointDamaged(f"{stem} cannot be read: {error}") from error
        if crc != saved.crc32:
            raise CheckpointDamaged(f"{stem} is not what was written")


class Checkpoints:
    """One attempt's checkpoints of one stage, which the separator receives.

    ``resumed_frames``: number of frames from an earlier attempt.
    """

    def __init__(
        self,
        folder: Path,
        *,
        key: str,
        every_s: float,
        earlier: Sequence[Earlier] = (),
        fenced: Callable[[], None] = never_stop,
        resumed: Callable[[], None] = never_stop,
        report: Report = ignore_progress,
        pause: Callable[[], bool] = never_pause,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``fenced`` raises if another attempt has taken over; ``resumed`` is called when frames
        of an earlier attempt are used; ``report`` is called while they are copied; while ``pause``
        is true a checkpoint is due, and the job stops behind it."""
        self.folder = folder
        self.resumed_frames = 0
        self._key = key
        self._every_s = every_s
        self._earlier = list(earlier)
        self._fenced = fenced
        self._resumed = resumed
        self._report = report
        self._pause = pause
        self._clock = clock
        self._saved_at = clock()
        self._files: dict[str, SavedBytes] = {}
        self._parts: list[Checkpoints] = []
        self._announced: Callable[[], None] = never_stop

    def part(self, name: str) -> "Checkpoints":
        """Return the checkpoints of one separation of the stage, in the folder ``name``, which is
        created."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        key = f"{self._key}/{name}"
        places = [each.folder / name for each in self._earlier if each.record.has_parts]
        part = Checkpoints(
            folder,
            key=key,
            every_s=self._every_s,
            earlier=find_earlier([place for place in places if has_checkpoint(place)], key),
            fenced=self._fenced,
            resumed=self._resumed,
            report=self._report,
            pause=self._pause,
            clock=self._clock,
        )
        part._announced = self._announce_parts
        self._parts.append(part)
        return part

    def _announce_parts(self) -> None:
        """Write the record of the stage, before the first part saves a checkpoint."""
        if has_checkpoint(self.folder):
            return
        self._announced()
        record = CheckpointRecord(key=self._key, made_by="", frames=0, files={}, has_parts=True)
        write_durably(self.folder / RECORD_NAME, record.model_dump_json(indent=1).encode())
        sync(self.folder.parent)

    def has_finished(self, stems: Sequence[str]) -> bool:
        """Whether an earlier attempt has finished all frames of these stems."""
        return any(
            each.record.made_by == FINISHED and set(each.record.files) == set(stems)
            for each in self._earlier
        )

    def begin(self, stems: Sequence[str], made_by: str) -> list[Earlier]:
        """Start over, and return the checkpoints that may be continued, the furthest first."""
        self.start_over()
        fitting = []
        for earlier in self._earlier:
            if set(earlier.record.files) != set(stems) or earlier.record.made_by != made_by:
                _ignore(earlier.folder, f"made by {earlier.record.made_by!r}, not {made_by!r}")
            else:
                fitting.append(earlier)
        self._earlier = sorted(fitting, key=lambda found: found.record.frames, reverse=True)
        return list(self._earlier)

    def start_over(self) -> None:
        """Drop the record of this folder, as its files will be written again."""
        (self.folder / RECORD_NAME).unlink(missing_ok=True)
        self.resumed_frames = 0
        self._files = {}
        self._saved_at = self._clock()

    def copying(self) -> None:
        """Report a copied block; raises an error that ends the job."""
        self._report(0.0, "Taking up what was finished before")

    def take_up(self, frames: int, files: Mapping[str, Path], frame_bytes: int, by: str) -> None:
        """Save the copied ``frames`` as a checkpoint, and remove those of earlier attempts."""
        self.save(frames, files, frame_bytes, by)
        self.resumed_frames = frames
        self.drop_earlier()
        self._resumed()
        _log.info("going on after %d frames that an earlier attempt has finished", frames)

    def drop_earlier(self) -> None:
        """Remove the folders of earlier attempts."""
        for earlier in self._earlier:
            shutil.rmtree(earlier.folder, ignore_errors=True)
        self._earlier = []

    @property
    def mean_resumed_frames(self) -> int:
        """Number of frames from an earlier attempt; with parts, the mean over them."""
        if not self._parts:
            return self.resumed_frames
        return sum(part.mean_resumed_frames for part in self._parts) // len(self._parts)

    @property
    def is_due(self) -> bool:
        return self._pause() or self._clock() - self._saved_at >= self._every_s

    def stop_if_asked(self) -> None:
        """Call it behind :meth:`save`, where the job loses nothing. Raises ``Cancelled``."""
        if self._pause():
            raise Cancelled(PAUSED)

    def save(self, frames: int, files: Mapping[str, Path], frame_bytes: int, made_by: str) -> None:
        """Flush ``frames`` of every stem to the disk, and then write the record. ``files`` already
        end with these frames."""
        started = self._clock()
        self._fenced()
        self._announced()
        for stem, path in files.items():
            sync(path)
            self._files[stem] = _grown(path, self._files.get(stem), frames * frame_bytes)
        record = CheckpointRecord(key=self._key, made_by=made_by, frames=frames, files=self._files)
        write_durably(self.folder / RECORD_NAME, record.model_dump_json(indent=1).encode())
        sync(self.folder.parent)
        self._saved_at = self._clock()
        _log.debug("%d frames are safe, after %.3f s", frames, self._saved_at - started)

    def forget(self) -> None:
        """Remove all records of a finished stage, whose receipt replaces them."""
        for part in self._parts:
            part.forget()
        (self.folder / RECORD_NAME).unlink(missing_ok=True)
        self.drop_earlier()


def has_checkpoint(folder: Path) -> bool:
    return (folder / RECORD_NAME).is_file()


def find_earlier(folders: Sequence[Path], key: str) -> list[Earlier]:
    """Return the checkpoints in ``folders`` that belong to ``key``; remove the other folders."""
    found = []
    for folder in folders:
        try:
            record = CheckpointRecord.model_validate_json((folder / RECORD_NAME).read_bytes())
        except (OSError, ValidationError):
            _ignore(folder, "its record cannot be read")
            continue
        if record.key != key:
            _ignore(folder, "it belongs to another request")
        else:
            found.append(Earlier(folder, record))
    return found


def _ignore(folder: Path, reason: str) -> None:
    _log.warning("a checkpoint is not used, as %s", reason)
    shutil.rmtree(folder, ignore_errors=True)


def _file_of(folder: Path, stem: str) -> Path:
    return folder / f"{stem}.wav"


def _grown(path: Path, before: SavedBytes | None, payload_bytes: int) -> SavedBytes:
    """Return the last ``payload_bytes`` of a file; only bytes behind ``before`` are read."""
    stop = path.stat().st_size
    start = stop - payload_bytes
    known = before or SavedBytes(start=start, stop=start, crc32=0)
    crc = known.crc32
    for chunk in _chunks(path, known.stop, stop):
        crc = zlib.crc32(chunk, crc)
    return SavedBytes(start=start, stop=stop, crc32=crc)


def _chunks(path: Path, start: int, stop: int) -> Iterator[bytes]:
    """Yield bytes ``start`` to ``stop``. Raises ``OSError``, also if the file is shorter."""
    with path.open("rb") as file:
        file.seek(start)
        missing = stop - start
        while missing > 0:
            chunk = file.read(min(missing, _CHUNK_BYTES))
            if not chunk:
                raise OSError(f"{missing} bytes are missing at the end")
            yield chunk
            missing -= len(chunk)
