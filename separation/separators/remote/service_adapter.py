"""The interface of the adapters for the APIs of services."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from separation.base import SeparatorIdentity, SeparatorOptions
from separation.errors import RemoteFailed
from separation.separators.remote.audio import SongFile
from separation.separators.remote.backoff import Pauses
from separation.separators.remote.http import ServiceClient
from separation.separators.remote.state import JobRecord


class JobGone(Exception):
    """The service has no such job, or no longer has it."""


class JobFailed(RemoteFailed):
    """The job failed on the service."""


@dataclass(frozen=True)
class RemoteRequest:
    """What to run on the service; ``None``: the service's default."""

    separator: str | None
    model: str | None
    options: SeparatorOptions


@dataclass(frozen=True)
class RemoteStatus:
    """The state of a remote job. ``failure``: why it failed, in the service's words."""

    done: bool = False
    failure: str = ""
    fraction: float = 0.0
    message: str = ""


@dataclass(frozen=True)
class RemoteFile:
    address: str
    sha256: str | None = None


class ServiceAdapter(ABC):
    """Translates our calls to the API of one service. Every method but :meth:`cancel` raises
    ``RemoteFailed``."""

    name: str

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    @property
    def host(self) -> str:
        """The service's host name, for people; its address may hold more than they should see."""
        return self._client.host

    def pauses(self) -> Pauses:
        return self._client.pauses()

    def fetch(self, address: str, target: Path, *, limit_bytes: int) -> None:
        self._client.fetch(address, target, limit_bytes=limit_bytes)

    @abstractmethod
    def check(self, request: RemoteRequest) -> None:
        """Raises ``RemoteFailed`` where the service cannot take such a job now; tried once."""

    @abstractmethod
    def submit(
        self, song: SongFile, record: JobRecord, request: RemoteRequest, *, fresh: bool
    ) -> str:
        """Send the song and return the service's id of the job. ``fresh``: this request was never
        sent before; otherwise the service may have it already."""

    def find(self, record: JobRecord) -> str | None:
        """The id of the job of a request without an answer, where the service can find it."""
        return None

    @abstractmethod
    def status(self, job_id: str) -> RemoteStatus:
        """The state of a job. Also raises ``JobGone``."""

    @abstractmethod
    def stems(self, job_id: str) -> Mapping[str, RemoteFile]:
        """The files of a finished job, keyed by stem."""

    @abstractmethod
    def reported_identity(self, job_id: str) -> tuple[SeparatorIdentity, tuple[str, ...]]:
        """The separator that ran on the service, and the service's warnings."""

    @abstractmethod
    def cancel(self, job_id: str) -> None:
        """Cancel a job; sent once. Raises ``TransientError`` or ``RemoteFailed``."""

    def remove(self, job_id: str) -> None:
        """Delete a job that is no longer needed. Does nothing by default."""
