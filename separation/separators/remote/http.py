"""Requests to one service: with timeouts, repeated where that helps, and told in plain words.

Everything streams. The token goes to the service's own origin and nowhere else.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import httpx2
from pydantic import BaseModel, ValidationError

from separation.errors import DiskFull, RemoteFailed
from separation.net.public_http import NotPublic, PublicTransport
from separation.separators.remote.backoff import CancellableWait, Pauses, StopFlag, retry_after_s
from separation.separators.remote.sanitize import Words
from separation.settings import RemoteSettings
from separation.system.closeable import Closing

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

BLOCK_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""Of an answer that is no file; one that is longer is none that we understand."""

MAX_REDIRECTS = 5
_TRY_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_REDIRECTS = (301, 302, 303, 307, 308)

# A line for every poll would bury all others.
logging.getLogger("httpx2").setLevel(logging.WARNING)
_log = logging.getLogger("separator.remote")


class Trouble(Exception):
    """A failure that may be over at the next try; ``wait_s``: as long as the service asked for."""

    def __init__(self, words: str, wait_s: float | None = None) -> None:
        super().__init__(words)
        self.wait_s = wait_s


class Refused(RemoteFailed):
    """An answer that says no; ``status`` is that of HTTP."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


@dataclass(frozen=True)
class Body:
    """What is sent; ``blocks`` is called anew for each try."""

    content_type: str
    size_bytes: int
    blocks: Callable[[], Iterable[bytes]]


Origin = tuple[str, str, int | None]


def origin_of(url: str) -> Origin:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port


class ServiceClient(Closing):
    """One service. Not for use from several threads."""

    def __init__(
        self, settings: RemoteSettings, heart: CancellableWait, *, retries: int | None = None
    ) -> None:
        """Raises ``RemoteFailed`` for an address that cannot be one."""
        self._settings = settings
        self._heart = heart
        self._retries = settings.retries if retries is None else retries
        self.base_url = settings.url.rstrip("/") + "/"
        self.origin = _checked_origin(self.base_url)
        self.host = self.origin[1]
        self.authorization = f"Bearer {settings.token}"
        timeouts = httpx2.Timeout(
            connect=settings.connect_s,
            read=settings.read_s,
            write=settings.write_s,
            pool=settings.pool_s,
        )
        self._http = _client(timeouts)
        # The operator named the service; what lies beside it inside this network was not meant.
        self._elsewhere = _client(timeouts, PublicTransport())

    def close(self) -> None:
        self._http.close()
        self._elsewhere.close()

    def pauses(self) -> Pauses:
        settings = self._settings
        return Pauses(settings.first_pause_s, settings.backoff, settings.max_pause_s)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        also: tuple[int, ...] = (),
        authorized: bool = True,
    ) -> Answer:
        """One request at the service, tried once; 2xx and ``also`` are answers.

        Raises ``Trouble`` or ``Refused``, and what the heart's report raises.
        """
        url = urljoin(self.base_url, path)
        sent = {**(self._secret(url) if authorized else {}), **(headers or {})}
        if body is not None:
            sent |= {"Content-Type": body.content_type, "Content-Length": str(body.size_bytes)}

        def work(stop: StopFlag) -> Answer:
            content = _until_stopped(body.blocks(), stop) if body else None
            with self._opened(method, url, params, sent, content) as response:
                answer = Answer(response.status_code, _short(response))
                if response.is_success or answer.status in also:
                    return answer
                raise self._failure(response, answer.body)

        return self._heart.during(work)

    def repeated(self, once: Callable[[], T]) -> T:
        """``once`` until it raises no ``Trouble``, with growing pauses. Raises ``RemoteFailed``
        when it was tried too often or would have to be waited for too long."""
        pauses, failures = self.pauses(), 0
        while True:
            try:
                return once()
            except Trouble as trouble:
                failures += 1
                words, asked_s = str(trouble), trouble.wait_s
            if failures > self._retries:
                tried = f" It was tried {failures} times." if failures > 1 else ""
                raise RemoteFailed(f"{words}{tried}")
            if asked_s is not None and asked_s > self._settings.patience_s:
                raise RemoteFailed(
                    f"{words} It asks to be left alone for {asked_s:.0f} s, which is longer than "
                    f"the {self._settings.patience_s:.0f} s that this site waits."
                )
            pause_s = pauses.next_s() if asked_s is None else asked_s
            _log.warning("%s Trying again in %.1f s.", words, pause_s)
            self._heart.wait(pause_s)

    def get(self, path: str, kind: type[M], **more: str) -> M:
        """A checked answer, tried repeatedly."""
        return self.repeated(lambda: self.parsed(self.call("GET", path, params=more or None), kind))

    def parsed(self, answer: Answer, kind: type[M]) -> M:
        """Raises ``Trouble``: a proxy in between may answer for a service that is starting."""
        try:
            return kind.model_validate_json(answer.body)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "answer"
            raise Trouble(
                f"The remote service {self.host} answered with something that cannot be "
                f"understood ({where}: {error.errors()[0]['msg']})."
            ) from None

    def fetch(self, address: str, target: Path, *, limit_bytes: int) -> None:
        """A file, block by block; a download that broke off goes on where it was.

        ``address`` may lie on another public host, which does not get the token. Raises
        ``RemoteFailed``, also for a file of more than ``limit_bytes``.
        """
        url = self._joined(self.base_url, address)
        target.unlink(missing_ok=True)
        etag = ""

        def once() -> None:
            nonlocal etag

            def work(stop: StopFlag) -> None:
                nonlocal etag
                with self._following(url, _range_of(target, etag)) as response:
                    etag = response.headers.get("ETag", "")
                    self._receive(response, target, limit_bytes, stop)

            self._heart.during(work)

        self.repeated(once)

    def _receive(
        self,
        response: httpx2.Response,
        target: Path,
        limit_bytes: int,
        stop: StopFlag,
    ) -> None:
        mode = "ab" if response.status_code == 206 else "wb"
        try:
            with target.open(mode) as file:
                for block in response.iter_bytes(BLOCK_BYTES):
                    stop.check()
                    file.write(block)
                    if file.tell() > limit_bytes:
                        raise RemoteFailed(
                            f"The remote service {self.host} sends a file that is much longer "
                            "than the song."
                        )
        except OSError as error:
            raise DiskFull(f"The stems of the remote service cannot be stored: {error}.") from error

    @contextmanager
    def _following(self, url: str, headers: Mapping[str, str]) -> Iterator[httpx2.Response]:
        for _ in range(MAX_REDIRECTS + 1):
            sent = {**self._secret(url), **headers}
            with self._opened("GET", url, None, sent, None) as response:
                if response.status_code not in _REDIRECTS:
                    if not response.is_success:
                        raise self._failure(response, _short(response))
                    yield response
                    return
                url = self._joined(url, response.headers.get("Location", ""))
        raise RemoteFailed(f"The remote service {self.host} redirects in a circle.")

    @contextmanager
    def _opened(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
        content: Iterable[bytes] | None,
    ) -> Iterator[httpx2.Response]:
        host = origin_of(url)[1]
        http = self._http if host == self.host else self._elsewhere
        try:
            with http.stream(
                method, url, params=params, headers=headers, content=content
            ) as response:
                if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                    raise RemoteFailed(
                        f"The remote service {self.host} sends compressed answers, though it was "
                        "asked for plain ones."
                    )
                yield response
        except NotPublic:
            raise RemoteFailed(
                f"The remote service {self.host} names a file on {host}, which is another machine "
                "inside this network. Nothing was asked there."
            ) from None
        except (httpx2.TransportError, httpx2.StreamError) as error:
            raise Trouble(_what_happened(error, host or url)) from error

    def _joined(self, base: str, told: str) -> str:
        """Where a file is by the service's own words, which may be no address at all."""
        url = _address(base, told)
        if url is None:
            raise RemoteFailed(
                f"The remote service {self.host} names a file by something that is no address of "
                "the web."
            )
        return url

    def _secret(self, url: str) -> dict[str, str]:
        mine = bool(self._settings.token) and origin_of(url) == self.origin
        return {"Authorization": self.authorization} if mine else {}

    def _failure(self, response: httpx2.Response, body: bytes) -> Exception:
        status = response.status_code
        said = _said(body)
        if status in _TRY_AGAIN:
            wait_s = retry_after_s(response.headers.get("Retry-After"))
            return Trouble(f"The remote service {self.host} answered {status}{said}.", wait_s)
        if status in (401, 403):
            words = (
                f"The remote service {self.host} refused the token ({status}). "
                "Set STEMSITE_REMOTE_TOKEN to one that it knows."
            )
        elif status in _REDIRECTS:
            elsewhere = _address(str(response.url), response.headers.get("Location", ""))
            parts = urlsplit(elsewhere or "")
            where = f"{parts.scheme}://{parts.netloc}" if elsewhere else "elsewhere"
            words = (
                f"The remote service {self.host} sends its visitors to {where}. Nothing was sent "
                "there; set STEMSITE_REMOTE_URL to the address that is meant."
            )
        else:
            words = f"The remote service {self.host} refused the request ({status}){said}."
        return Refused(words, status)


def _client(
    timeouts: httpx2.Timeout, transport: httpx2.BaseTransport | None = None
) -> httpx2.Client:
    return httpx2.Client(
        timeout=timeouts,
        transport=transport,
        # Redirects are followed by hand, or not at all: each may lead to another host.
        follow_redirects=False,
        # A few compressed bytes may unfold to more than the machine has memory.
        headers={"User-Agent": "stemsite", "Accept-Encoding": "identity"},
    )


def _checked_origin(url: str) -> Origin:
    if _address(url) is None:
        raise RemoteFailed(
            "The address of the remote service must be like https://gpu.example.org, without a "
            "name or password in it: set STEMSITE_REMOTE_URL."
        )
    return origin_of(url)


def _address(base: str, told: str = "") -> str | None:
    """``told`` as a whole address; None where it is none that can be asked for."""
    try:
        url = urljoin(base, told)
        httpx2.URL(url)  # is stricter than the standard library
        scheme, host, _ = origin_of(url)
    except (ValueError, httpx2.InvalidURL):
        return None
    usable = scheme in ("http", "https") and host and urlsplit(url).username is None
    return url if usable else None


def _until_stopped(blocks: Iterable[bytes], stop: StopFlag) -> Iterator[bytes]:
    for block in blocks:
        stop.check()
        yield block


def _short(response: httpx2.Response) -> bytes:
    body = bytearray()
    for block in response.iter_bytes(BLOCK_BYTES):
        body += block
        if len(body) > MAX_ANSWER_BYTES:
            raise Trouble("The remote service sends an answer without an end.")
    return bytes(body)


def _range_of(target: Path, etag: str) -> dict[str, str]:
    """Only of the very same file: what has no strong tag is fetched from its beginning."""
    size = target.stat().st_size if target.exists() else 0
    if not size or not etag or etag.startswith("W/"):
        return {}
    return {"Range": f"bytes={size}-", "If-Range": etag}


class _Refusal(BaseModel):
    detail: Words = ""
    error_message: Words = ""


def _said(body: bytes) -> str:
    """The service's own sentence; an HTML page is none."""
    try:
        refusal = _Refusal.model_validate_json(body)
    except ValidationError:
        return ""
    words = (refusal.detail or refusal.error_message).rstrip(".")
    return f": {words}" if words else ""


def _what_happened(error: Exception, host: str) -> str:
    if isinstance(error, httpx2.ConnectTimeout | httpx2.ConnectError):
        return f"The remote service {host} cannot be reached."
    if isinstance(error, httpx2.TimeoutException):
        return f"The remote service {host} did not answer in time."
    return f"The connection to the remote service {host} broke ({type(error).__name__})."
