"""What a service is asked, whatever words it uses for it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from separation.base import SeparatorIdentity, SeparatorOptions
from separation.errors import RemoteFailed
from separation.separators.remote.audio import SongFile
from separation.separators.remote.backoff import Pauses
from separation.separators.remote.http import ServiceClient
from separation.separators.remote.state import Asked


class JobGone(Exception):
    """The service does not know the job (any more)."""


class JobFailed(RemoteFailed):
    """The service worked on the job and could not do it."""


@dataclass(frozen=True)
class Wanted:
    """What is to run on the other side; None: what the service takes by default."""

    separator: str | None
    model: str | None
    options: SeparatorOptions


@dataclass(frozen=True)
class Look:
    """How far a remote job is. ``failure``: why it ended badly, in the service's words."""

    done: bool = False
    failure: str = ""
    fraction: float = 0.0
    message: str = ""


@dataclass(frozen=True)
class RemoteFile:
    address: str
    sha256: str | None = None


class ServiceAdapter(ABC):
    """One service in its own words. All but :meth:`give_up` raise ``RemoteFailed``."""

    name: str

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    @property
    def host(self) -> str:
        """For people; the address may tell more than they need to know."""
        return self._client.host

    def pauses(self) -> Pauses:
        return self._client.pauses()

    def fetch(self, address: str, target: Path, *, limit_bytes: int) -> None:
        self._client.fetch(address, target, limit_bytes=limit_bytes)

    @abstractmethod
    def check(self, wanted: Wanted) -> None:
        """Raises ``RemoteFailed`` where the service cannot take such a job now; tried once."""

    @abstractmethod
    def submit(self, song: SongFile, asked: Asked, wanted: Wanted, *, fresh: bool) -> str:
        """Send the song and return the service's name of the job. ``fresh``: this request was
        never sent before; otherwise the service may have it already."""

    def find(self, asked: Asked) -> str | None:
        """The job of a request whose answer has not arrived, where the service can tell."""
        return None

    @abstractmethod
    def look(self, job_id: str) -> Look:
        """Raises ``JobGone`` too."""

    @abstractmethod
    def stems(self, job_id: str) -> Mapping[str, RemoteFile]:
        """What a finished job has, by stem."""

    @abstractmethod
    def told_identity(self, job_id: str) -> tuple[SeparatorIdentity, tuple[str, ...]]:
        """What ran there, and what the service has to say about it."""

    @abstractmethod
    def give_up(self, job_id: str) -> None:
        """Ask for the end of a job, once. Raises ``Trouble`` or ``RemoteFailed``."""

    def remove(self, job_id: str) -> None:
        """Our stems are fetched: the service may forget the job. Nothing by default."""
