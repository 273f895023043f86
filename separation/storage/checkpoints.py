"""What a long stage leaves on the disk now and then, so that the next attempt goes on from there.

A separator writes its stems into the temporary folder of its attempt. A checkpoint pushes what is
written to the disk and then puts a small record beside it: the question that is being answered,
how many frames of every stem are finished, and which bytes these are. The record replaces the one
before in one step, so whatever kills the process, a record tells of bytes that are there.

The next attempt *copies* those bytes into its own folder and goes on behind them. It does not take
over the files: an earlier attempt that was only suspended still holds them open, would go on
writing into them after any renaming, and nothing could keep it from that. A copy is read through
its checksum, costs a small part of what separating costs, and leaves the old attempt alone with
files that have no name any more.

A stage may be made of several separations (:meth:`Checkpoints.part`): each has a folder and a
record of its own in there, and the record of the stage says no more than that.
"""

import logging
import shutil
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from separation.progress import Report, ignore_progress, never_stop
from separation.storage.atomic_files import sync, write_durably

RECORD_NAME = "checkpoint.json"
FINISHED = "finished"
"""In the place of what computed the frames, where all of them are there."""

_CHUNK_BYTES = 1 << 20
_log = logging.getLogger("checkpoint")


class CheckpointDamaged(Exception):
    """The bytes on the disk are not those that the record tells of."""


class SavedBytes(BaseModel):
    """Bytes ``start`` to ``stop`` of a stem's file, which begin after its header."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: int = Field(ge=0)
    stop: int = Field(ge=0)
    crc32: int


class CheckpointRecord(BaseModel):
    """``key``: of the unfinished stage. ``made_by``: what computed the frames, where the key leaves
    that open, such as a GPU or the CPU. ``files`` by stem, in the folder of the record.
    ``has_parts``: there are no files here, and what is finished stands in folders."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    made_by: str
    frames: int = Field(ge=0)
    files: dict[str, SavedBytes]
    has_parts: bool = False


@dataclass(frozen=True)
class Earlier:
    """What another attempt has finished of the same stage."""

    folder: Path
    record: CheckpointRecord

    def check_length(self, frame_bytes: int) -> None:
        """Raises ``CheckpointDamaged`` when the record tells of other bytes than of its frames."""
        for stem, saved in self.record.files.items():
            if saved.stop - saved.start != self.record.frames * frame_bytes:
                raise CheckpointDamaged(f"{stem} has another length than the frames that it holds")

    def read(self, stem: str) -> Iterator[bytes]:
        """The finished bytes of a stem, in blocks. Raises ``CheckpointDamaged``, perhaps only after
        the last of them."""
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
    """One attempt's checkpoints of one stage; what a separator is given to take part.

    ``resumed_frames``: how many frames came from an earlier attempt.
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
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``fenced`` raises when another attempt has taken over; ``resumed`` is told when frames
        of an earlier one are used; ``report`` is called while they are copied."""
        self.folder = folder
        self.resumed_frames = 0
        self._key = key
        self._every_s = every_s
        self._earlier = list(earlier)
        self._fenced = fenced
        self._resumed = resumed
        self._report = report
        self._clock = clock
        self._saved_at = clock()
        self._files: dict[str, SavedBytes] = {}
        self._parts: list[Checkpoints] = []
        self._announced: Callable[[], None] = never_stop

    def part(self, name: str) -> "Checkpoints":
        """Those of one of the separations that the stage is made of, in the folder ``name``, which
        is there afterwards."""
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
            clock=self._clock,
        )
        part._announced = self._announce_parts
        self._parts.append(part)
        return part

    def _announce_parts(self) -> None:
        """Before the first part says that something of it is finished."""
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
        """Start over, and say what may be continued: the furthest attempt first."""
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
        """Nothing in the folder counts any more: its files are about to be written again."""
        (self.folder / RECORD_NAME).unlink(missing_ok=True)
        self.resumed_frames = 0
        self._files = {}
        self._saved_at = self._clock()

    def copying(self) -> None:
        """Called for each block that is copied; raises what ends the job."""
        self._report(0.0, "Taking up what was finished before")

    def take_up(self, frames: int, files: Mapping[str, Path], frame_bytes: int, by: str) -> None:
        """All of ``frames`` are copied: keep them here, and nothing of the earlier attempts."""
        self.save(frames, files, frame_bytes, by)
        self.resumed_frames = frames
        self.drop_earlier()
        self._resumed()
        _log.info("going on after %d frames that an earlier attempt has finished", frames)

    def drop_earlier(self) -> None:
        """Remove what earlier attempts left."""
        for earlier in self._earlier:
            shutil.rmtree(earlier.folder, ignore_errors=True)
        self._earlier = []

    @property
    def mean_resumed_frames(self) -> int:
        """How many frames came from an earlier attempt; where there are parts, of each of them."""
        if not self._parts:
            return self.resumed_frames
        return sum(part.mean_resumed_frames for part in self._parts) // len(self._parts)

    @property
    def is_due(self) -> bool:
        return self._clock() - self._saved_at >= self._every_s

    def save(self, frames: int, files: Mapping[str, Path], frame_bytes: int, made_by: str) -> None:
        """Make ``frames`` of every stem durable, and then say so. All of them lie in ``files``
        already, of which they are the end."""
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
        """The stage is done: from now on its receipt speaks for it."""
        for part in self._parts:
            part.forget()
        (self.folder / RECORD_NAME).unlink(missing_ok=True)
        self.drop_earlier()


def has_checkpoint(folder: Path) -> bool:
    return (folder / RECORD_NAME).is_file()


def find_earlier(folders: Sequence[Path], key: str) -> list[Earlier]:
    """What may be continued among ``folders`` of earlier attempts; the others are removed."""
    found = []
    for folder in folders:
        try:
            record = CheckpointRecord.model_validate_json((folder / RECORD_NAME).read_bytes())
        except (OSError, ValidationError):
            _ignore(folder, "its record cannot be read")
            continue
        if record.key != key:
            _ignore(folder, "it answers another question")
        else:
            found.append(Earlier(folder, record))
    return found


def _ignore(folder: Path, reason: str) -> None:
    _log.warning("a checkpoint is not used, as %s", reason)
    shutil.rmtree(folder, ignore_errors=True)


def _file_of(folder: Path, stem: str) -> Path:
    return folder / f"{stem}.wav"


def _grown(path: Path, before: SavedBytes | None, payload_bytes: int) -> SavedBytes:
    """The last ``payload_bytes`` of a file; only what is new since ``before`` is read."""
    stop = path.stat().st_size
    start = stop - payload_bytes
    known = before or SavedBytes(start=start, stop=start, crc32=0)
    crc = known.crc32
    for chunk in _chunks(path, known.stop, stop):
        crc = zlib.crc32(chunk, crc)
    return SavedBytes(start=start, stop=stop, crc32=crc)


def _chunks(path: Path, start: int, stop: int) -> Iterator[bytes]:
    """Bytes ``start`` to ``stop``. Raises ``OSError``, also when the file is shorter."""
    with path.open("rb") as file:
        file.seek(start)
        missing = stop - start
        while missing > 0:
            chunk = file.read(min(missing, _CHUNK_BYTES))
            if not chunk:
                raise OSError(f"{missing} bytes are missing at the end")
            yield chunk
            missing -= len(chunk)
