"""The adapter for another stemsite, through the API in docs/api.md."""

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import BaseModel, Field

from separation.base import SeparatorIdentity
from separation.errors import RemoteFailed
from separation.separators.remote.audio import CONTENT_TYPE, SongFile
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

STAGE = "separation"
API = "api/v1"


class Health(BaseModel):
    status: str
    version: str
    queue: dict[str, float | None]


class Config(BaseModel):
    separators: tuple[str, ...]
    max_upload_bytes: int


class _Progress(BaseModel):
    percent: float = 0.0
    message: SafeText = ""


class _Error(BaseModel):
    detail: SafeText


class RemotePortalJob(BaseModel):
    job_id: JobId
    status: Literal["pending", "processing", "completed", "failed", "cancelled"]
    progress: _Progress = _Progress()
    error: _Error | None = None
    warnings: Annotated[tuple[SafeText, ...], Field(max_length=50)] = ()


class _ListedJob(BaseModel):
    job_id: JobId


class JobList(BaseModel):
    results: tuple[_ListedJob, ...]


class _Output(BaseModel):
    name: str
    stage_name: str
    sha256: str
    url: str


class Outputs(BaseModel):
    outputs: tuple[_Output, ...]


class _Separation(BaseModel):
    separator: SafeText
    model: SafeText
    version: SafeText
    weights_digest: SafeText
    engine: SafeText
    precision: SafeText
    device: SafeText
    seed: int | None = None


class RemoteManifest(BaseModel):
    separation: _Separation


class StemsiteAdapter(ServiceAdapter):
    """Talks to another stemsite, which must separate the song itself (``allow_remote=false``), so
    that no song goes in a circle between sites that name each other."""

    name = "stemsite"

    def check(self, request: RemoteRequest) -> None:
        client = self._client
        health = client.get(f"{API}/health", Health)
        if not health.queue.get("workers_alive"):
            raise RemoteFailed(f"The remote stemsite {client.host} has no worker running.")
        config = client.get(f"{API}/config", Config)
        if request.separator is not None and request.separator not in config.separators:
            raise RemoteFailed(
                f"The remote stemsite {client.host} has no separator {request.separator!r}."
            )

    def submit(
        self, song: SongFile, record: JobRecord, request: RemoteRequest, *, fresh: bool
    ) -> str:
        body = Body(CONTENT_TYPE, song.size_bytes, song.blocks)
        params = {"filename": _file_name(record), **_parameters(record, request)}
        sent = not fresh

        def once() -> str:
            # A request that failed may have arrived; sent again, it would run twice.
            nonlocal sent
            if sent and (found := self.find(record)):
                return found
            sent = True
            answer = self._client.call("POST", f"{API}/jobs", params=params, body=body)
            return self._client.parsed(answer, RemotePortalJob).job_id

        return self._client.repeated(once)

    def status(self, job_id: str) -> RemoteStatus:
        try:
            job = self._client.get(_path(job_id), RemotePortalJob)
        except Refused as error:
            if error.status == 404:
                raise JobGone from None
            raise
        failure = ""
        if job.status in ("failed", "cancelled"):
            failure = job.error.detail if job.error else f"the job was {job.status} there"
        return RemoteStatus(
            done=job.status == "completed",
            failure=failure,
            fraction=job.progress.percent / 100,
            message=job.progress.message or ("Waiting" if job.status == "pending" else ""),
        )

    def stems(self, job_id: str) -> Mapping[str, RemoteFile]:
        outputs = self._client.get(f"{_path(job_id)}/outputs", Outputs).outputs
        return {
            one.name: RemoteFile(one.url, one.sha256) for one in outputs if one.stage_name == STAGE
        }

    def reported_identity(self, job_id: str) -> tuple[SeparatorIdentity, tuple[str, ...]]:
        reported = self._client.get(f"{_path(job_id)}/manifest", RemoteManifest).separation
        warnings = self._client.get(_path(job_id), RemotePortalJob).warnings
        return SeparatorIdentity(**reported.model_dump()), warnings

    def cancel(self, job_id: str) -> None:
        self._client.call("POST", f"{_path(job_id)}/cancel")

    def remove(self, job_id: str) -> None:
        self._client.call("DELETE", _path(job_id))

    def find(self, record: JobRecord) -> str | None:
        answer = self._client.call("GET", f"{API}/jobs", params={"search": _file_name(record)})
        found = self._client.parsed(answer, JobList).results
        return found[0].job_id if found else None


def _path(job_id: str) -> str:
    return f"{API}/jobs/{quote(job_id, safe='')}"


def _file_name(record: JobRecord) -> str:
    """The name by which we find the job; the song's own name is not disclosed to the service."""
    return f"stemsite-{record.request_id}.wav"


def _parameters(record: JobRecord, request: RemoteRequest) -> dict[str, str]:
    options = request.options
    parameters = {
        "separator": request.separator,
        "model": request.model,
        "stems": ",".join(record.stems),
        "stages": STAGE,
        "format": "wav32f",
        "shifts": options.shifts,
        "overlap": options.overlap,
        "segment_s": options.segment_s,
        "seed": options.seed,
        "allow_remote": "false",
    }
    return {name: str(value) for name, value in parameters.items() if value is not None}
