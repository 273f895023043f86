"""Receives bytes from outside and stores them as a Source, or leaves nothing.

All uploads take this path: storage is reserved before a byte is accepted (``reserve_upload``), the
bytes arrive in a part (``jobs.services.sources.upload_parts``), and a complete part becomes a song
or is refused.
"""

import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from jobs.core_settings import intake_limits
from jobs.errors import UploadGone
from jobs.models import Batch, Source, Upload
from jobs.models.account_lock import lock_account
from jobs.services.batch_membership import record_added_work, room_in_batch
from jobs.services.quotas.limits import check_minutes_left, check_quota, check_storage
from jobs.services.quotas.reservation import Hold, reserve
from jobs.services.sources.same_names import next_number
from jobs.services.sources.upload_parts import CANCELLED, Part, held_part, remove_part
from separation.errors import DiskFull, EmptyAudio, QuotaExceeded, TooLarge

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from separation.audio.decoding.decode import SourceFacts

_probes = threading.BoundedSemaphore(os.cpu_count() or 2)
"""Limits simultaneous probes. A probe has a time limit, which some of twenty probes on two cores
would exceed."""

NO_BYTES = "The file is empty: it holds no bytes at all."


def reserve_upload(*, owner: "User", name: str, size_bytes: int, **fields: Any) -> Upload:
    """Reserve ``size_bytes`` of storage for ``owner`` until the upload ends or expires, and with a
    ``request`` a place in the queue for its job.

    Raises ``EmptyAudio``, ``TooLarge``, ``QuotaExceeded``, ``DiskFull``, or ``JobConflict`` where
    its ``batch`` is full.
    """
    if size_bytes < 1:
        raise EmptyAudio(NO_BYTES)
    if size_bytes > settings.MAX_UPLOAD_BYTES:
        raise _too_large(size_bytes)
    with transaction.atomic():
        lock_account(owner)
        _check_open_uploads(owner)
        check_storage(owner=owner, size_bytes=size_bytes)
        if fields.get("request") is not None:
            check_quota(owner=owner)
            check_minutes_left(owner=owner)
        return _open(owner, name, size_bytes, **fields)


def _open(
    owner: "User", name: str, size_bytes: int, *, batch: Batch | None = None, **fields: Any
) -> Upload:
    """Create the row, which reserves room on the disk and a place in its batch."""
    from separation.audio.names import clean_name

    _check_room(size_bytes)
    with transaction.atomic():
        return Upload.objects.create(
            owner=owner,
            name=clean_name(name),
            size_bytes=size_bytes,
            expires_at=Upload.fresh_expiry(),
            batch=room_in_batch(batch),
            **fields,
        )


@contextmanager
def announced(*, owner: "User", name: str, batch: Batch | None = None) -> Iterator[Upload]:
    """The row of a song that this request fetches, before its name and its size are known: its
    owner sees it and can cancel it meanwhile. The row is gone at the end of the block."""
    upload = _open(owner, name, 1, is_resumable=False, batch=batch)
    try:
        yield upload
    finally:
        Upload.objects.filter(pk=upload.pk).delete()


def _sized(upload: Upload, name: str, size_bytes: int) -> Upload:
    """Raises ``DiskFull``, and ``UploadGone`` where its owner has cancelled it."""
    from separation.audio.names import clean_name

    _check_room(size_bytes)
    upload.name, upload.size_bytes = clean_name(name), size_bytes
    wanted = Upload.objects.wanted().filter(pk=upload.pk)
    if not wanted.update(name=upload.name, size_bytes=size_bytes):
        raise UploadGone(CANCELLED)
    return upload


def release_upload(upload: Upload) -> None:
    """Delete the upload's row and bytes, which releases its storage. Call it while its part is
    held."""
    Upload.objects.filter(pk=upload.pk).delete()
    remove_part(upload)


def receive_source(
    *,
    owner: "User",
    name: str,
    chunks: Iterable[bytes],
    declared_size: int | None = None,
    hold: Hold | None = None,
    batch: Batch | None = None,
    upload: Upload | None = None,
) -> Source:
    """Store one song of ``owner`` that arrives in one request, checked, hashed and probed.

    ``hold``: the reservation of the upload. A caller that then creates a job passes it, so that
    the place for the job stays reserved. Without it, storage is reserved until the song is stored.
    ``batch``: the batch of the job to come, which counts as unfinished while the song arrives.
    ``upload``: the row of a song that was :func:`announced`.

    Raises ``QuotaExceeded``, ``TooLarge``, ``DiskFull``, ``EmptyAudio``, ``UploadGone`` where it is
    cancelled meanwhile, or the error that the probe finds in the file. After an error nothing is
    left on disk or in the database.
    """
    if declared_size is not None and declared_size > settings.MAX_UPLOAD_BYTES:
        raise _too_large(declared_size)
    if hold is None:
        with reserve(owner=owner, size_bytes=declared_size) as new_hold:
            return _receive(new_hold, name, chunks, declared_size)
    hold.need(size_bytes=declared_size or 0, place=True)
    return _receive(hold, name, chunks, declared_size, batch, upload)


def _receive(
    hold: Hold,
    name: str,
    chunks: Iterable[bytes],
    declared_size: int | None,
    batch: Batch | None = None,
    announced_upload: Upload | None = None,
) -> Source:
    most = settings.MAX_UPLOAD_BYTES if declared_size is None else declared_size
    # Not resumable, as the hold already counts its bytes.
    upload = (
        _open(hold.owner, name, most, is_resumable=False, batch=batch)
        if announced_upload is None
        else _sized(announced_upload, name, most)
    )
    with held_part(upload) as part:
        try:
            part.append(_held(hold, chunks), offset=0)
            if part.size == 0:
                raise EmptyAudio(NO_BYTES)
            facts, sha256 = probe_part(part), part.whole_digest()
            with transaction.atomic():
                lock_account(hold.owner)
                part.check_wanted()
                # First, as otherwise the song and its hold would both count.
                hold.spend(size_bytes=part.size)
                with song_of(part, facts, sha256) as source:
                    # In the same transaction, so that always exactly one of the two counts.
                    Upload.objects.filter(pk=upload.pk).delete()
                    # The batch still awaits the job, though neither upload nor job shows that now.
                    record_added_work(upload.batch_id)
            return source
        finally:
            release_upload(upload)


def _held(hold: Hold, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks. Each one is only passed on after its bytes are reserved."""
    size_bytes = 0
    for chunk in chunks:
        size_bytes += len(chunk)
        hold.grow(size_bytes=size_bytes)
        yield chunk


def probe_part(part: Part) -> "SourceFacts":
    """Probe a complete part in the sandboxed child; raises the error that it finds."""
    from separation.audio.decoding.decode import probe

    with _probes:
        return probe(part.path, intake_limits(), work_dir=Path(settings.OUTPUT_DIR))


@contextmanager
def song_of(part: Part, facts: "SourceFacts", sha256: str) -> Iterator[Source]:
    """Turn the part into a Source in a transaction; after an error the part is there again.

    The song has the id of the upload, so that the file is found again after a kill in between.
    """
    upload = part.upload
    source = Source(
        pk=upload.pk,
        owner_id=upload.owner_id,
        original_name=upload.name,
        sha256=sha256,
        size_bytes=part.size,
        container=facts.container,
        codec=facts.codec,
        sample_rate_hz=facts.source_rate_hz,
        channels=facts.source_channels,
        duration_s=facts.duration_s,
        title=facts.tags.get("title", "")[:255],
        artist=facts.tags.get("artist", "")[:255],
    )
    source.song_title = source.first_title
    source.name_number = next_number(owner_id=upload.owner_id, title=source.song_title)
    with _moved(part.path, source.path), transaction.atomic():
        source.save(force_insert=True)
        yield source


@contextmanager
def _moved(path: Path, target: Path) -> Iterator[None]:
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
    try:
        yield
    except BaseException:
        target.rename(path)
        raise


def same_song(*, owner_id: int, sha256: str, size_bytes: int) -> Source | None:
    """A stored song of this account with the same bytes, or None. Songs of other accounts do not
    count."""
    same = Source.objects.filter(owner_id=owner_id, sha256=sha256, size_bytes=size_bytes)
    return next((source for source in same if source.path.is_file()), None)


def sent_before(source: Source) -> Source | None:
    """The owner's oldest song with the same bytes that is older than ``source``, or None."""
    older = Source.objects.filter(owner_id=source.owner_id, sha256=source.sha256)
    return older.filter(created_at__lt=source.created_at).order_by("created_at").first()


def _check_open_uploads(owner: "User") -> None:
    if Upload.objects.unfinished().filter(owner=owner).count() >= settings.MAX_OPEN_UPLOADS:
        raise QuotaExceeded(
            f"You have {settings.MAX_OPEN_UPLOADS} unfinished uploads, and no more are allowed. "
            "Finish or cancel some of them."
        )


def _check_room(size_bytes: int) -> None:
    """Raises ``DiskFull``. Bytes that other uploads reserve and have not sent count as used."""
    root = Path(settings.UPLOAD_DIR)
    root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(root).free - Upload.objects.all().bytes_to_come()
    if free - size_bytes < settings.MIN_FREE_BYTES:
        raise DiskFull("The server has no room for this file at the moment. Try again later.")


def _too_large(size: int) -> TooLarge:
    return TooLarge(
        f"The file has {size / 1e6:.1f} MB; at most "
        f"{settings.MAX_UPLOAD_BYTES / 1e6:.1f} MB are accepted."
    )
