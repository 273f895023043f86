"""The adapter for the specification's service: ``POST /separate``, then ``GET /jobs/{id}`` until
the job is complete."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from pydantic import BaseModel

from separation.base import SeparatorIdentity
from separation.errors import RemoteFailed
from separation.separators.remote.audio import CONTENT_TYPE, FILE_NAME, SongFile
from separation.separators.remote.http import Body, Refused
from separation.separators.remote.sanitize import JobId, SafeText
from separation.separators.remote.service_adapter import (
    JobGone,
    RemoteFile,
    RemoteRequest,
    RemoteStatus,
    ServiceAdapter,
)
from separation.separators.remote.state import JobRecord

FORMAT = "wav"
_DONE = frozenset({"complete", "completed", "done", "finished", "succeeded", "success"})
_FAILED = frozenset({"failed", "failure", "error", "cancelled", "canceled"})
_EVERY_STATUS = tuple(range(300, 500))


class GenericJob(BaseModel):
    """A job's state. Every service returns ``job_id`` and ``status``; some also name their
    model."""

    job_id: JobId
    status: SafeText
    stems: dict[str, str] | None = None
    error_message: SafeText | None = None
    model: SafeText = "unknown"
    version: SafeText = "unknown"
    weights_digest: SafeText = ""


class GenericAdapter(ServiceAdapter):
    name = "generic"

    def check(self, request: RemoteRequest) -> None:
        # The specification has no health check; any answer shows that the service is there.
        answer = self._client.repeated(
            lambda: self._client.call("GET", "health", also=_EVERY_STATUS)
        )
        if answer.status in (401, 403):
            raise RemoteFailed(
                f"The remote service {self._client.host} refused the token ({answer.status}). "
                "Set STEMSITE_REMOTE_TOKEN to one that it knows."
            )

    def submit(
        self, song: SongFile, record: JobRecord, request: RemoteRequest, *, fresh: bool
    ) -> str:
        body = _form(song, {"stems": ",".join(record.stems), "format": FORMAT})
        # Services that support the header run a request that is sent twice only once.
        headers = {"Idempotency-Key": record.request_id}

        def once() -> str:
            answer = self._client.call("POST", "separate", headers=headers, body=body)
            job = self._client.parsed(answer, GenericJob)
            if job.status.lower() in _FAILED:
                raise RemoteFailed(_failed(self._client.host, job))
            return job.job_id

        return self._client.repeated(once)

    def status(self, job_id: str) -> RemoteStatus:
        job = self._job(job_id)
        status = job.status.lower()
        if status in _FAILED:
            return RemoteStatus(failure=job.error_message or f"the job's status is {job.status}")
        return RemoteStatus(done=status in _DONE, message=job.status[:60])

    def stems(self, job_id: str) -> Mapping[str, RemoteFile]:
        found = self._job(job_id).stems or {}
        return {name: RemoteFile(address) for name, address in found.items()}

    def reported_identity(self, job_id: str) -> tuple[SeparatorIdentity, tuple[str, ...]]:
        job = self._job(job_id)
        reported = SeparatorIdentity(
            separator="remote",
            model=job.model,
            version=job.version,
            weights_digest=job.weights_digest,
            engine="unknown",
            precision="unknown",
            device="unknown",
        )
        return reported, ()

    def cancel(self, job_id: str) -> None:
        # DELETE is not in the specification; a service without it answers 404 or 405.
        self._client.call("DELETE", _path(job_id), also=(404, 405))

    def _job(self, job_id: str) -> GenericJob:
        try:
            return self._client.get(_path(job_id), GenericJob)
        except Refused as error:
            if error.status in (404, 410):
                raise JobGone from None
            raise


def _path(job_id: str) -> str:
    return f"jobs/{quote(job_id, safe='')}"


def _failed(host: str, job: GenericJob) -> str:
    reason = (job.error_message or f"its status is {job.status}").rstrip(".")
    return f"The remote service {host} could not separate the song: {reason}."


def _form(song: SongFile, fields: Mapping[str, str]) -> Body:
    """A ``multipart/form-data`` body (RFC 7578); its length is known before the song is read."""
    boundary = secrets.token_hex(16)
    start = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    start += (
        f'--{boundary}\r\nContent-Disposition: form-data; name="audio"; filename="{FILE_NAME}"'
        f"\r\nContent-Type: {CONTENT_TYPE}\r\n\r\n"
    )
    first, last = start.encode(), f"\r\n--{boundary}--\r\n".encode()

    def blocks() -> Iterable[bytes]:
        return _joined(first, song, last)

    size = len(first) + song.size_bytes + len(last)
    return Body(f"multipart/form-data; boundary={boundary}", size, blocks)


def _joined(first: bytes, song: SongFile, last: bytes) -> Iterator[bytes]:
    yield first
    yield from song.blocks()
    yield last
