"""Resumable uploads: begun, received in pieces, finished into a song and its job, or terminated."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from jobs.errors import JobConflict, SourceMissing, UploadBusy, UploadGone
from jobs.models import Batch, Job, Upload
from jobs.models.account_lock import lock_account
from jobs.services.batch_membership import lock_batch
from jobs.services.job.cancel import cancel_job
from jobs.services.job.create import create_job
from jobs.services.sources.receive_source import (
    probe_part,
    release_upload,
    reserve_upload,
    same_song,
    song_of,
)
from jobs.services.sources.upload_parts import (
    CANCELLED,
    Checksum,
    Part,
    held_part,
    received_bytes,
    remove_part,
)
from separation.errors import SeparationError
from separation.request.separation_request import SeparationRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from jobs.models import Source


def begin_upload(
    *,
    owner: "User",
    name: str,
    size_bytes: int,
    request: SeparationRequest | None,
    modified_ms: int | None = None,
    batch: Batch | None = None,
) -> Upload:
    """Reserve an upload. With a ``request``, the complete song becomes a job of ``batch`` at once.

    ``modified_ms``: when the file last changed, in milliseconds since 1970; it identifies the file
    when the upload is resumed. Raises as ``reserve_upload`` does.
    """
    return reserve_upload(
        owner=owner,
        name=name,
        size_bytes=size_bytes,
        modified_ms=modified_ms,
        request=None if request is None else request.model_dump(mode="json"),
        batch=batch,
    )


def resume_or_begin(
    *,
    owner: "User",
    name: str,
    size_bytes: int,
    request: SeparationRequest,
    modified_ms: int,
    batch: Batch | None = None,
) -> Upload:
    """The unfinished upload of the same file, with the new ``request``, or a new upload.

    Name, size and time must all match, as two mixes of one length are different files.
    """
    from separation.audio.names import clean_name

    uploads = Upload.objects.resumable().filter(owner=owner)
    same = uploads.filter(name=clean_name(name), size_bytes=size_bytes, modified_ms=modified_ms)
    found = same.first()
    if found is not None:
        found.request = request.model_dump(mode="json")
        with transaction.atomic():
            found.batch = lock_batch(batch)
            if same.filter(pk=found.pk).update(request=found.request, batch=found.batch):
                return found
    return begin_upload(
        owner=owner,
        name=name,
        size_bytes=size_bytes,
        request=request,
        modified_ms=modified_ms,
        batch=batch,
    )


def receive(
    upload: Upload,
    *,
    chunks: Iterable[bytes],
    offset: int | None,
    checksum: Checksum | None = None,
) -> Upload:
    """Append ``chunks`` at ``offset``; with None restart the upload with them.

    After the last byte the song is finished; see :func:`finish_if_complete` for the errors.
    """
    with held_part(upload) as part, _removed_if_cancelled(part):
        if part.upload.is_finished:
            remove_part(part.upload)
            raise JobConflict("This upload is complete: it takes no more bytes.")
        if offset is None:
            part.restart()
        part.append(chunks, offset=offset or 0, checksum=checksum)
        return _finish(part) if part.is_whole else part.upload


def finish_if_complete(upload: Upload) -> Upload:
    """Update ``offset``, and finish an upload whose last byte arrived before a crash.

    Raises the error that makes the song unusable; then the upload and its bytes are deleted.
    """
    if upload.is_finished:
        return upload
    upload.offset = received_bytes(upload)
    if upload.offset < upload.size_bytes:
        return upload
    with held_part(upload) as part, _removed_if_cancelled(part):
        if part.upload.is_finished:
            remove_part(part.upload)
            return part.upload
        part.upload.offset = part.size
        return _finish(part) if part.is_whole else part.upload


def terminate(upload: Upload) -> Job | None:
    """Cancel the upload, whatever happens to it at the moment; a finished song stays.

    Returns the job that it has become, cancelled unless it has ended. Another request may hold the
    upload: that request then creates no job and removes what is left.
    """
    with transaction.atomic():
        # The creation of the job takes the same lock: either it sees that the upload is cancelled,
        # or the job exists by now.
        lock_account(upload.owner_id, closed_too=True)
        mine = Upload.objects.filter(pk=upload.pk)
        mine.filter(cancelled_at=None).update(cancelled_at=timezone.now())
        current = mine.select_related("job").first()
    job = current.job if current is not None else None
    if job is not None:
        # It may end this very moment.
        with suppress(JobConflict):
            cancel_job(job=job)
    with suppress(UploadBusy, UploadGone), held_part(upload) as part:
        release_upload(part.upload)
    return job


def expire_upload(upload: Upload) -> bool:
    """Delete an expired upload; returns False where it was resumed meanwhile."""
    with held_part(upload) as part:
        if not Upload.objects.expired().filter(pk=upload.pk).exists():
            return False
        release_upload(part.upload)
    return True


def create_job_of_duplicate(upload: Upload) -> Job:
    """Create the job that a duplicate upload requests, for the song that the owner already had.
    A repeated call returns the same job."""
    with transaction.atomic():
        lock_account(upload.owner_id)
        wanted = Upload.objects.wanted().select_related("source", "job", "batch")
        current = wanted.filter(pk=upload.pk).first()
        if current is None:
            raise UploadGone(CANCELLED)
        if current.job is not None:
            return current.job
        if current.source is None or current.request is None:
            raise SourceMissing("This upload is of no song that is stored here. Send it again.")
        job = _create(current, current.source)
        assert job is not None
        Upload.objects.filter(pk=current.pk).update(job=job)
    return job


def _finish(part: Part) -> Upload:
    """Turn the part into a song and, with a request, a job. After an error nothing is left."""
    upload = part.upload
    sha256 = part.whole_digest()
    try:
        # Another upload of the same bytes may finish, or its song be deleted, during the probe.
        while not (_finish_known(upload, sha256) or _finish_new(part, sha256)):
            continue
    except SeparationError:
        release_upload(upload)
        raise
    remove_part(upload)
    return upload


@contextmanager
def _removed_if_cancelled(part: Part) -> Iterator[None]:
    """Whoever cancelled it could not remove what another request holds."""
    try:
        yield
    finally:
        if Upload.objects.filter(pk=part.upload.pk, cancelled_at__isnull=False).exists():
            release_upload(part.upload)


def _check_wanted(upload: Upload) -> None:
    if not Upload.objects.filter(pk=upload.pk, cancelled_at=None).exists():
        raise UploadGone(CANCELLED)


def _finish_known(upload: Upload, sha256: str) -> bool:
    _check_wanted(upload)
    known = same_song(owner_id=upload.owner_id, sha256=sha256, size_bytes=upload.size_bytes)
    if known is None:
        return False
    _update(upload, source=known, is_duplicate=True)
    return True


def _finish_new(part: Part, sha256: str) -> bool:
    upload, facts = part.upload, probe_part(part)
    with transaction.atomic():
        lock_account(upload.owner_id)
        _check_wanted(upload)
        if same_song(owner_id=upload.owner_id, sha256=sha256, size_bytes=upload.size_bytes):
            return False
        with song_of(part, facts, sha256) as source:
            # First, so that the quota check of the job counts the song and not the upload.
            _update(upload, source=source)
            _update(upload, job=_create(upload, source))
    return True


def _create(upload: Upload, source: "Source") -> Job | None:
    if upload.request is None:
        return None
    request = SeparationRequest.model_validate(upload.request)
    return create_job(owner=upload.owner, source=source, request=request, batch=upload.batch)


def _update(upload: Upload, **values: object) -> None:
    values["expires_at"] = Upload.fresh_expiry()
    for name, value in values.items():
        setattr(upload, name, value)
    upload.save(update_fields=list(values))
