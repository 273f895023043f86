"""The part of an upload: a file with the bytes that have arrived, held by one request at a time."""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import FileIO
from pathlib import Path

from jobs.errors import (
    AccountClosed,
    ChecksumMismatch,
    OffsetMismatch,
    UploadBusy,
    UploadGone,
)
from jobs.models import Source, Upload
from jobs.models.upload import incoming_dir
from jobs.services.sources.digests import digests
from jobs.services.storage.files import remove_file
from separation.errors import TooLarge

NOTED_EVERY_S = 20.0
"""How often the row of an arriving upload is updated: often enough that it does not expire."""

CANCELLED = "This upload was cancelled. Send the song again if you want it after all."

CHECKSUMS = ("sha256", "sha1", "md5")


@dataclass(frozen=True)
class Checksum:
    """The checksum that a client announces for its bytes. ``algorithm`` is one of ``CHECKSUMS``."""

    algorithm: str
    digest: bytes


class Part:
    """An upload whose file only this request may change. ``upload`` was read under the lock."""

    def __init__(self, upload: Upload, file: FileIO) -> None:
        self.upload, self._file = upload, file
        if upload.unverified_from is not None:
            # The process that should have compared a checksum was killed.
            self._cut(upload.unverified_from)
            self._note(unverified_from=None)

    @property
    def path(self) -> Path:
        return self.upload.part

    @property
    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    @property
    def is_whole(self) -> bool:
        return self.size == self.upload.size_bytes

    def append(
        self, chunks: Iterable[bytes], *, offset: int, checksum: Checksum | None = None
    ) -> None:
        """Append ``chunks`` at ``offset``, which must be the end of the file.

        When the connection breaks, the bytes that have arrived stay. With a ``checksum`` they are
        removed, as it covers all of them. Raises ``OffsetMismatch``, ``TooLarge``,
        ``ChecksumMismatch``, or the errors of ``chunks``.
        """
        start = self.size
        if offset != start:
            raise OffsetMismatch(
                f"The upload goes on at byte {start}, and these bytes were sent for {offset}. Ask "
                "for the offset and send from there."
            )
        if checksum is None:
            self._take(chunks)
            return
        self._note(unverified_from=start)
        try:
            self._take(_compared(chunks, checksum))
        except BaseException:
            self._cut(start)
            raise
        finally:
            self._note(unverified_from=None)

    def restart(self) -> None:
        """Remove all bytes that have arrived."""
        self._cut(0)
        self._note()

    def whole_digest(self) -> str:
        """The SHA-256 of all bytes that have arrived; flushes them to disk."""
        os.fsync(self._file.fileno())
        digest = digests.take(self.upload.pk)
        digest.catch_up(self.path)
        digests.keep(self.upload.pk, digest)
        return digest.hexdigest()

    def _take(self, chunks: Iterable[bytes]) -> None:
        start, noted_at = self.size, time.monotonic()
        digest = digests.take(self.upload.pk)
        follows = digest.offset == start
        self._file.seek(start)
        try:
            for chunk in chunks:
                self._write(chunk)
                if follows:
                    digest.update(chunk)
                if time.monotonic() - noted_at > NOTED_EVERY_S:
                    noted_at = time.monotonic()
                    self._note(expires_at=Upload.fresh_expiry())
                    self.check_wanted()
        except TooLarge:
            self._cut(start)
            raise
        finally:
            if digest.offset <= self.size:
                digests.keep(self.upload.pk, digest)
            self._note(expires_at=Upload.fresh_expiry())

    def _write(self, chunk: bytes) -> None:
        if self._file.tell() + len(chunk) > self.upload.size_bytes:
            raise TooLarge(
                f"More than the announced {self.upload.size_bytes} bytes arrived. Announce the "
                "true size, and send the file again."
            )
        rest = memoryview(chunk)
        while rest:
            # A nearly full disk accepts a part of it, and only the next call fails.
            rest = rest[self._file.write(rest) :]

    def _cut(self, size: int) -> None:
        os.ftruncate(self._file.fileno(), min(size, self.size))
        digest = digests.take(self.upload.pk)
        if digest.offset <= self.size:
            digests.keep(self.upload.pk, digest)

    def check_wanted(self) -> None:
        """Raises ``AccountClosed`` or ``UploadGone``, so that neither closing an account nor
        cancelling an upload need wait for the last byte."""
        mine = Upload.objects.filter(pk=self.upload.pk)
        if not mine.filter(owner__is_active=True).exists():
            raise AccountClosed("The account of this upload was closed.")
        if not mine.filter(cancelled_at=None).exists():
            raise UploadGone(CANCELLED)

    def _note(self, **values: int | datetime | None) -> None:
        values["offset"] = self.size
        for name, value in values.items():
            setattr(self.upload, name, value)
        Upload.objects.filter(pk=self.upload.pk).update(**values)


def _compared(chunks: Iterable[bytes], checksum: Checksum) -> Iterator[bytes]:
    """The chunks, unchanged; raises ``ChecksumMismatch`` after the last one."""
    own = hashlib.new(checksum.algorithm, usedforsecurity=False)
    for chunk in chunks:
        own.update(chunk)
        yield chunk
    if own.digest() != checksum.digest:
        raise ChecksumMismatch(
            f"The bytes that arrived do not have the {checksum.algorithm} that was announced: "
            "they changed on the way. Send them again."
        )


@contextmanager
def held_part(upload: Upload) -> Iterator[Part]:
    """Lock the file of ``upload`` against all other requests, processes and hosts.

    The lock is a separate file, as the part itself is moved at the end. The kernel releases the
    lock when the process ends, however it ends. Raises ``UploadBusy`` while another request holds
    it, and ``UploadGone`` where the upload was terminated meanwhile.
    """
    incoming_dir().mkdir(parents=True, exist_ok=True)
    with upload.lock_file.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UploadBusy(
                "Another request is sending to this upload. Try again in a moment."
            ) from None
        current = Upload.objects.filter(pk=upload.pk).first()
        if current is None:
            upload.lock_file.unlink(missing_ok=True)
            raise UploadGone("There is no such upload any more.")
        _bring_back(current)
        with FileIO(current.part, "ab+") as file:
            yield Part(current, file)


def _bring_back(upload: Upload) -> None:
    """Undo a move to the songs that was not committed, because the process was killed."""
    moved = Source(pk=upload.pk).path
    if upload.source_id is None and moved.is_file():
        moved.rename(upload.part)


def remove_part(upload: Upload) -> None:
    """Delete the part and its lock file. Call it while the part is held, so that no other request
    takes the lock in between."""
    remove_file(upload.part)
    remove_file(upload.lock_file)


def received_bytes(upload: Upload) -> int:
    """How many verified bytes of the upload are stored; needs no lock."""
    moved = Source(pk=upload.pk).path
    path = next((path for path in (upload.part, moved) if path.is_file()), None)
    if path is None:
        return 0
    size = path.stat().st_size
    return size if upload.unverified_from is None else min(size, upload.unverified_from)
