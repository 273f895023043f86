"""Sends requests to one service, with timeouts, retries and errors in plain words.

Bodies are streamed. The token is sent only to the service's own origin.
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
from separation.separators.remote.sanitize import SafeText
from separation.settings import RemoteSettings
from separation.system.closeable import Closing

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

BLOCK_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""Limit of an answer that is not a file; no valid answer is longer."""

MAX_REDIRECTS = 5
_TRY_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_REDIRECTS = (301, 302, 303, 307, 308)

# A line for every poll would hide all other lines.
logging.getLogger("httpx2").setLevel(logging.WARNING)
_log = logging.getLogger("separator.remote")


class TransientError(Exception):
    """A failure that may be over at the next try. ``wait_s``: the pause that the service requested,
    if any."""

    def __init__(self, words: str, wait_s: float | None = None) -> None:
        super().__init__(words)
        self.wait_s = wait_s


class Refused(RemoteFailed):
    """The service refused the request; ``status``: the HTTP status."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


@dataclass(frozen=True)
class Body:
    """The body of a request; ``blocks`` is called again for each try."""

    content_type: str
    size_bytes: int
    blocks: Callable[[], Iterable[bytes]]


Origin = tuple[str, str, int | None]


def origin_of(url: str) -> Origin:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port


class ServiceClient(Closing):
    """The HTTP client of one service. Do not use it from several threads."""

    def __init__(
        self, settings: RemoteSettings, waiter: CancellableWait, *, retries: int | None = None
    ) -> None:
        """Raises ``RemoteFailed`` for an invalid address."""
        self._settings = settings
        self._waiter = waiter
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
        # The operator named only the service, so other hosts inside this network are refused.
        self._public_http = _client(timeouts, PublicTransport())

    def close(self) -> None:
        self._http.close()
        self._public_http.close()

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
        """Send one request to the service, once. Returns answers with status 2xx or in ``also``.

        Raises ``TransientError`` or ``Refused``, and what the waiter's report raises.
        """
        url = urljoin(self.base_url, path)
        sent = {**(self._authorization(url) if authorized else {}), **(headers or {})}
        if body is not None:
            sent |= {"Content-Type": body.content_type, "Content-Length": str(body.size_bytes)}

        def work(stop: StopFlag) -> Answer:
            content = _until_stopped(body.blocks(), stop) if body else None
            with self._opened(method, url, params, sent, content) as response:
                answer = Answer(response.status_code, _read_limited(response))
                if response.is_success or answer.status in also:
                    return answer
                raise self._failure(response, answer.body)

        return self._waiter.run_in_thread(work)

    def repeated(self, once: Callable[[], T]) -> T:
        """Call ``once`` until it raises no ``TransientError``, with growing pauses. Raises
        ``RemoteFailed`` after too many tries, or where the service requests too long a pause."""
        pauses, failures = self.pauses(), 0
        while True:
            try:
                return once()
            except TransientError as error:
                failures += 1
                words, requested_s = str(error), error.wait_s
            if failures > self._retries:
                tried = f" It was tried {failures} times." if failures > 1 else ""
                raise RemoteFailed(f"{words}{tried}")
            if requested_s is not None and requested_s > self._settings.patience_s:
                raise RemoteFailed(
                    f"{words} It asks to be left alone for {requested_s:.0f} s, which is longer "
                    f"than the {self._settings.patience_s:.0f} s that this site waits."
                )
            pause_s = pauses.next_s() if requested_s is None else requested_s
            _log.warning("%s Trying again in %.1f s.", words, pause_s)
            self._waiter.wait(pause_s)

    def get(self, path: str, kind: type[M], **more: str) -> M:
        """Send a GET request with retries and return the validated answer."""
        return self.repeated(lambda: self.parsed(self.call("GET", path, params=more or None), kind))

    def parsed(self, answer: Answer, kind: type[M]) -> M:
        """The validated answer. Raises ``TransientError`` for an invalid one, because a proxy may
        answer for a service that is starting."""
        try:
            return kind.model_validate_json(answer.body)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "answer"
            raise TransientError(
                f"The remote service {self.host} answered with something that cannot be "
                f"understood ({where}: {error.errors()[0]['msg']})."
            ) from None

    def fetch(self, address: str, target: Path, *, limit_bytes: int) -> None:
        """Download a file block by block; an interrupted download is resumed.

        ``address`` may be on another public host, which does not receive the token. Raises
        ``RemoteFailed``, also for a file of more than ``limit_bytes``.
        """
        url = self._resolved(self.base_url, address)
        target.unlink(missing_ok=True)
        etag = ""

        def once() -> None:
            nonlocal etag

            def work(stop: StopFlag) -> None:
                nonlocal etag
                with self._following(url, _range_of(target, etag)) as response:
                    etag = response.headers.get("ETag", "")
                    self._receive(response, target, limit_bytes, stop)

            self._waiter.run_in_thread(work)

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
            sent = {**self._authorization(url), **headers}
            with self._opened("GET", url, None, sent, None) as response:
                if response.status_code not in _REDIRECTS:
                    if not response.is_success:
                        raise self._failure(response, _read_limited(response))
                    yield response
                    return
                url = self._resolved(url, response.headers.get("Location", ""))
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
        http = self._http if host == self.host else self._public_http
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
            raise TransientError(_connection_error(error, host or url)) from error

    def _resolved(self, base: str, address: str) -> str:
        """The URL of a file that the service names. Raises ``RemoteFailed`` for an invalid one."""
        url = _address(base, address)
        if url is None:
            raise RemoteFailed(
                f"The remote service {self.host} names a file by something that is no address of "
                "the web."
            )
        return url

    def _authorization(self, url: str) -> dict[str, str]:
        is_trusted = bool(self._settings.token) and origin_of(url) == self.origin
        return {"Authorization": self.authorization} if is_trusted else {}

    def _failure(self, response: httpx2.Response, body: bytes) -> Exception:
        status = response.status_code
        reason = _error_text(body)
        if status in _TRY_AGAIN:
            wait_s = retry_after_s(response.headers.get("Retry-After"))
            words = f"The remote service {self.host} answered {status}{reason}."
            return TransientError(words, wait_s)
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
            words = f"The remote service {self.host} refused the request ({status}){reason}."
        return Refused(words, status)


def _client(
    timeouts: httpx2.Timeout, transport: httpx2.BaseTransport | None = None
) -> httpx2.Client:
    return httpx2.Client(
        timeout=timeouts,
        transport=transport,
        # Redirects are followed in this module or not at all, as each may lead to another host.
        follow_redirects=False,
        # A few compressed bytes may expand to more than the machine's memory.
        headers={"User-Agent": "stemsite", "Accept-Encoding": "identity"},
    )


def _checked_origin(url: str) -> Origin:
    if _address(url) is None:
        raise RemoteFailed(
            "The address of the remote service must be like https://gpu.example.org, without a "
            "name or password in it: set STEMSITE_REMOTE_URL."
        )
    return origin_of(url)


def _address(base: str, reference: str = "") -> str | None:
    """The absolute URL of ``reference``; ``None`` where it is not a usable HTTP address."""
    try:
        url = urljoin(base, reference)
        httpx2.URL(url)  # Is stricter than the standard library.
        scheme, host, _ = origin_of(url)
    except (ValueError, httpx2.InvalidURL):
        return None
    usable = scheme in ("http", "https") and host and urlsplit(url).username is None
    return url if usable else None


def _until_stopped(blocks: Iterable[bytes], stop: StopFlag) -> Iterator[bytes]:
    for block in blocks:
        stop.check()
        yield block


def _read_limited(response: httpx2.Response) -> bytes:
    body = bytearray()
    for block in response.iter_bytes(BLOCK_BYTES):
        body += block
        if len(body) > MAX_ANSWER_BYTES:
            raise TransientError("The remote service sends an answer without an end.")
    return bytes(body)


def _range_of(target: Path, etag: str) -> dict[str, str]:
    """Headers that resume a download of the same file; empty without a strong ETag."""
    size = target.stat().st_size if target.exists() else 0
    if not size or not etag or etag.startswith("W/"):
        return {}
    return {"Range": f"bytes={size}-", "If-Range": etag}


class _Refusal(BaseModel):
    detail: SafeText = ""
    error_message: SafeText = ""


def _error_text(body: bytes) -> str:
    """The service's own error message, after a colon; empty for other content, such as HTML."""
    try:
        refusal = _Refusal.model_validate_json(body)
    except ValidationError:
        return ""
    words = (refusal.detail or refusal.error_message).rstrip(".")
    return f": {words}" if words else ""


def _connection_error(error: Exception, host: str) -> str:
    if isinstance(error, httpx2.ConnectTimeout | httpx2.ConnectError):
        return f"The remote service {host} cannot be reached."
    if isinstance(error, httpx2.TimeoutException):
        return f"The remote service {host} did not answer in time."
    return f"The connection to the remote service {host} broke ({type(error).__name__})."
