"""Another stemsite, by the API that docs/api.md describes."""

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import BaseModel, Field

from separation.base import SeparatorIdentity
from separation.errors import RemoteFailed
from separation.separators.remote.audio import CONTENT_TYPE, SongFile
from separation.separators.remote.http import Body, Refused
from separation.separators.remote.sanitize import JobName, Words
from separation.separators.remote.service_adapter import (
    JobGone,
    Look,
    RemoteFile,
    ServiceAdapter,
    Wanted,
)
from separation.separators.remote.state import Asked

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
    message: Words = ""


class _Error(BaseModel):
    detail: Words


class Job(BaseModel):
    job_id: JobName
    status: Literal["pending", "processing", "completed", "failed", "cancelled"]
    progress: _Progress = _Progress()
    error: _Error | None = None
    warnings: Annotated[tuple[Words, ...], Field(max_length=50)] = ()


class _JobName(BaseModel):
    job_id: JobName


class JobList(BaseModel):
    results: tuple[_JobName, ...]


class _Output(BaseModel):
    name: str
    stage_name: str
    sha256: str
    url: str


class Outputs(BaseModel):
    outputs: tuple[_Output, ...]


class _Separation(BaseModel):
    separator: Words
    model: Words
    version: Words
    weights_digest: Words
    engine: Words
    precision: Words
    device: Words
    seed: int | None = None


class RemoteManifest(BaseModel):
    separation: _Separation


class StemsiteAdapter(ServiceAdapter):
    """The other side must do the work itself (``allow_remote=false``), so that no song goes in a
    circle between sites that name each other."""

    name = "stemsite"

    def check(self, wanted: Wanted) -> None:
        client = self._client
        health = client.get(f"{API}/health", Health)
        if not health.queue.get("workers_alive"):
            raise RemoteFailed(f"The remote stemsite {client.host} has no worker running.")
        config = client.get(f"{API}/config", Config)
        if wanted.separator is not None and wanted.separator not in config.separators:
            raise RemoteFailed(
                f"The remote stemsite {client.host} has no separator {wanted.separator!r}."
            )

    def submit(self, song: SongFile, asked: Asked, wanted: Wanted, *, fresh: bool) -> str:
        body = Body(CONTENT_TYPE, song.size_bytes, song.blocks)
        params = {"filename": _file_name(asked), **_choices(asked, wanted)}
        sent = not fresh

        def once() -> str:
            # A request that broke may have arrived all the same; sent again it would run twice.
            nonlocal sent
            if sent and (found := self.find(asked)):
                return found
            sent = True
            answer = self._client.call("POST", f"{API}/jobs", params=params, body=body)
            return self._client.parsed(answer, Job).job_id

        return self._client.repeated(once)

    def look(self, job_id: str) -> Look:
        try:
            job = self._client.get(_path(job_id), Job)
        except Refused as error:
            if error.status == 404:
                raise JobGone from None
            raise
        failure = ""
        if job.status in ("failed", "cancelled"):
            failure = job.error.detail if job.error else f"the job was {job.status} there"
        return Look(
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

    def told_identity(self, job_id: str) -> tuple[SeparatorIdentity, tuple[str, ...]]:
        told = self._client.get(f"{_path(job_id)}/manifest", RemoteManifest).separation
        warnings = self._client.get(_path(job_id), Job).warnings
        return SeparatorIdentity(**told.model_dump()), warnings

    def give_up(self, job_id: str) -> None:
        self._client.call("POST", f"{_path(job_id)}/cancel")

    def remove(self, job_id: str) -> None:
        self._client.call("DELETE", _path(job_id))

    def find(self, asked: Asked) -> str | None:
        answer = self._client.call("GET", f"{API}/jobs", params={"search": _file_name(asked)})
        found = self._client.parsed(answer, JobList).results
        return found[0].job_id if found else None


def _path(job_id: str) -> str:
    return f"{API}/jobs/{quote(job_id, safe='')}"


def _file_name(asked: Asked) -> str:
    """Ours to find the job by; the song's own name is nobody's business there."""
    return f"stemsite-{asked.request_id}.wav"


def _choices(asked: Asked, wanted: Wanted) -> dict[str, str]:
    options = wanted.options
    choices = {
        "separator": wanted.separator,
        "model": wanted.model,
        "stems": ",".join(asked.stems),
        "stages": STAGE,
        "format": "wav32f",
        "shifts": options.shifts,
        "overlap": options.overlap,
        "segment_s": options.segment_s,
        "seed": options.seed,
        "allow_remote": "false",
    }
    return {name: str(value) for name, value in choices.items() if value is not None}
