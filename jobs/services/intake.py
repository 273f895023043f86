"""Bytes from outside become a Source, or nothing at all."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from jobs.core import intake_limits
from jobs.models import Source
from jobs.services.quota import check_quota
from separation.errors import DiskFull, EmptyAudio, TooLarge

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from separation.audio.decode import SourceFacts

INCOMING = "incoming"
"""Folder of uploads on their way; on the file system of the sources, so a rename suffices."""


def incoming_dir() -> Path:
    return Path(settings.UPLOAD_DIR) / INCOMING


def receive_source(
    *, owner: "User", name: str, chunks: Iterable[bytes], declared_size: int | None = None
) -> Source:
    """Store one song of ``owner``, checked, hashed and probed.

    Raises ``QuotaExceeded``, ``TooLarge``, ``DiskFull``, ``EmptyAudio`` or what the probe finds
    wrong with the file; after any of them nothing is left on disk or in the database.
    """
    check_quota(owner=owner)
    _check_room(declared_size)
    incoming_dir().mkdir(parents=True, exist_ok=True)
    part = incoming_dir() / f"{uuid.uuid4().hex}.part"
    try:
        digest, size = _write(part, chunks)
        facts = _facts(part)
        return _keep(part, owner=owner, name=name, sha256=digest, size_bytes=size, facts=facts)
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


def _write(part: Path, chunks: Iterable[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with part.open("xb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > settings.MAX_UPLOAD_BYTES:
                raise _too_large(size)
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if size == 0:
        raise EmptyAudio("The file is empty: it holds no bytes at all.")
    return digest.hexdigest(), size


def _facts(part: Path) -> "SourceFacts":
    from separation.audio.decode import probe

    return probe(part, intake_limits(), work_dir=Path(settings.OUTPUT_DIR))


def _keep(part: Path, *, owner: "User", name: str, facts: "SourceFacts", **stored: Any) -> Source:
    from separation.audio.names import clean_name

    source = Source(
        owner=owner,
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
        source.save(force_insert=True)
    except BaseException:
        source.path.unlink(missing_ok=True)
        raise
    return source
