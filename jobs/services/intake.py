"""Bytes from outside become a Source, or nothing at all."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from jobs.core import intake_limits
from jobs.models import Source
from jobs.services.quota import lock_account
from jobs.services.reservation import Hold, reserve
from separation.errors import DiskFull, EmptyAudio, TooLarge

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from separation.audio.decode import SourceFacts

INCOMING = "incoming"
"""Folder of uploads on their way; on the file system of the sources, so a rename suffices."""


def incoming_dir() -> Path:
    return Path(settings.UPLOAD_DIR) / INCOMING


def receive_source(
    *,
    owner: "User",
    name: str,
    chunks: Iterable[bytes],
    declared_size: int | None = None,
    hold: Hold | None = None,
) -> Source:
    """Store one song of ``owner``, checked, hashed and probed.

    ``hold``: what the upload has reserved; whoever makes a job of the song brings it, so that the
    place for the job is kept as well. Without one, room is reserved until the song is stored.

    Raises ``QuotaExceeded``, ``TooLarge``, ``DiskFull``, ``EmptyAudio`` or what the probe finds
    wrong with the file; after any of them nothing is left on disk or in the database.
    """
    _check_room(declared_size)
    if hold is None:
        with reserve(owner=owner, size_bytes=declared_size) as own:
            return _receive(own, name, chunks)
    hold.need(size_bytes=declared_size or 0, place=True)
    return _receive(hold, name, chunks)


def _receive(hold: Hold, name: str, chunks: Iterable[bytes]) -> Source:
    incoming_dir().mkdir(parents=True, exist_ok=True)
    part = incoming_dir() / f"{uuid.uuid4().hex}.part"
    try:
        digest, size = _write(part, chunks, hold)
        facts = _facts(part)
        return _keep(part, hold, name=name, sha256=digest, size_bytes=size, facts=facts)
    finally:
        part.unlink(missing_ok=True)


def _check_room(declared_size: int | None) -> None:
    if declared_size is not None and declared_size > settings.MAX_UPLOAD_BYTES:
        raise _too_large(declared_size)
    root = Path(settings.UPLOAD_DIR)
    root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(root).free
    if free - (declared_size or 0) < settings.MIN_FREE_BYTES:
        raise DiskFull("The server has no room for this file at the moment. Try again later.")


def _too_large(size: int) -> TooLarge:
    return TooLarge(
        f"The file has {size / 1e6:.1f} MB or more; at most "
        f"{settings.MAX_UPLOAD_BYTES / 1e6:.1f} MB are accepted."
    )


def _write(part: Path, chunks: Iterable[bytes], hold: Hold) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with part.open("xb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > settings.MAX_UPLOAD_BYTES:
                raise _too_large(size)
            hold.grow(size_bytes=size)
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if size == 0:
        raise EmptyAudio("The file is empty: it holds no bytes at all.")
    return digest.hexdigest(), size


def _facts(part: Path) -> "SourceFacts":
    from separation.audio.decode import probe

    return probe(part, intake_limits())


def _keep(
    part: Path, hold: Hold, *, name: str, facts: "SourceFacts", size_bytes: int, **stored: Any
) -> Source:
    from separation.audio.names import clean_name

    source = Source(
        owner=hold.owner,
        size_bytes=size_bytes,
        original_name=clean_name(name),
        container=facts.container,
        codec=facts.codec,
        sample_rate_hz=facts.source_rate_hz,
        channels=facts.source_channels,
        duration_s=facts.duration_s,
        title=facts.tags.get("title", "")[:255],
        artist=facts.tags.get("artist", "")[:255],
        **stored,
    )
    source.path.parent.mkdir(parents=True, exist_ok=True)
    part.rename(source.path)
    try:
        with transaction.atomic():
            lock_account(hold.owner)
            hold.spend(size_bytes=size_bytes)
            source.save(force_insert=True)
    except BaseException:
        source.path.unlink(missing_ok=True)
        raise
    return source
