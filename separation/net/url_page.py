"""Find the one song of a web page with yt-dlp, if it is installed.

yt-dlp reads a page in a process without a network, with access only to Python's own files, and with
the decoder's limits. This module fetches the addresses that it requests, by the rules of
``separation.net.public_http``, and returns the answers to it. From its result this module uses only
one address, three headers and a name.
"""

import base64
import importlib.util
import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

import httpx2
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, ValidationError

from separation.audio.names import clean_name
from separation.errors import DeadlineExceeded, InvalidUrl, UrlFailed, UrlIsPage
from separation.net.addresses import Network
from separation.net.public_http import NotPublic, PublicTransport
from separation.net.url_address import MAX_REDIRECTS, MAX_URL_CHARACTERS, REDIRECTS, checked_url
from separation.system.import_root import IMPORT_ROOT
from separation.system.processes import NOWHERE

logger = logging.getLogger(__name__)

MAX_REQUESTS = 40
MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""Limit of one answer; only the beginning of a longer one is read."""

_MAX_LINE_BYTES = 4 * 1024 * 1024
_MEMORY_BYTES = 1_000_000_000
_KEPT_STDERR_BYTES = 2000
_PASSED_ON = ("user-agent", "referer", "accept")
_BOOT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from separation.sandbox.namespaces import leave_network; leave_network(); "
    "from separation.system.processes import end_with_parent; "
    "end_with_parent(parent=int(sys.argv[3])); "
    "from separation.net.url_page_child import main; main(sys.argv[2])"
)


@dataclass(frozen=True)
class PageSong:
    """The address of the song of a page; ``name`` is cleaned."""

    url: str
    headers: dict[str, str]
    name: str


class _Found(BaseModel):
    """The child's result."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=MAX_URL_CHARACTERS)
    headers: dict[str, str]
    title: str
    ending: str = Field(pattern=r"\A[A-Za-z0-9]{1,8}\z")


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")

    method: str = Field(pattern=r"\A(GET|HEAD|POST)\z")
    url: str
    headers: dict[str, str]
    body: Base64Bytes | None = None


def can_read_pages() -> bool:
    """Whether yt-dlp is installed; does not import it."""
    return importlib.util.find_spec("yt_dlp") is not None


def song_of_page(url: str, *, deadline: float, networks: tuple[Network, ...] = ()) -> PageSong:
    """Return the one song of the page at ``url``; works until ``deadline`` (``time.monotonic``).

    Raises ``UrlIsPage`` if yt-dlp is not installed, ``UrlFailed`` if it finds no song or several,
    and ``DeadlineExceeded``.
    """
    if not can_read_pages():
        raise UrlIsPage(
            "This is the address of a page. Songs are taken from pages only where the program "
            "yt-dlp is installed, and here it is not. Give the address of the audio file itself."
        )
    remaining_s = max(deadline - time.monotonic(), 1.0)
    task = {"url": url, "memory_bytes": _MEMORY_BYTES, "cpu_s": remaining_s}
    with _started(task) as process, _client(deadline, networks) as client:
        return _song(_conversation(process, client, deadline))


@contextmanager
def _started(task: dict[str, Any]) -> Iterator["subprocess.Popen[bytes]"]:
    with tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            [
                *(sys.executable, "-I", "-c", _BOOT),
                *(str(IMPORT_ROOT), json.dumps(task), str(os.getpid())),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=NOWHERE,
            env={"YTDLP_NO_PLUGINS": "1"},
            start_new_session=True,
        )
        try:
            yield process
        except UrlFailed:
            stderr.seek(max(stderr.seek(0, os.SEEK_END) - _KEPT_STDERR_BYTES, 0))
            logger.info("no song on a page: %s", stderr.read().decode(errors="backslashreplace"))
            raise
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]
            process.wait()


def _client(deadline: float, networks: tuple[Network, ...]) -> httpx2.Client:
    return httpx2.Client(
        transport=PublicTransport(networks, deadline=deadline),
        timeout=max(deadline - time.monotonic(), 1.0),
        trust_env=False,
        follow_redirects=False,
    )


def _conversation(
    process: "subprocess.Popen[bytes]", client: httpx2.Client, deadline: float
) -> dict[str, Any]:
    """Answer the child's requests until it sends its result."""
    assert process.stdin is not None and process.stdout is not None
    for _ in range(MAX_REQUESTS):
        message = _parsed(_line(process.stdout, deadline))
        if "ask" not in message:
            return message
        try:
            answer = _fetched(client, _Request.model_validate(message["ask"]))
        except ValidationError:
            raise _no_song() from None
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(answer).encode() + b"\n")
            process.stdin.flush()
    raise _no_song()


def _line(pipe: IO[bytes], deadline: float) -> bytes:
    """Return the next line; its length is limited, and it must arrive before the deadline."""
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(deadline - time.monotonic(), 0.0)):
                raise DeadlineExceeded(
                    "Looking for the song on this page took longer than is allowed. Give the "
                    "address of the audio file itself."
                )
            data = os.read(pipe.fileno(), 65_536)
            line += data
            if not data or len(line) > _MAX_LINE_BYTES:
                raise _no_song()
    return line


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise _no_song()
    return message


def _fetched(client: httpx2.Client, request: _Request) -> dict[str, Any]:
    """Return the answer as a message to the child. It does not state the reason of a failure, which
    could reveal to the author of the page which hosts this network has."""
    try:
        url, body = checked_url(request.url), request.body
        for _ in range(MAX_REDIRECTS + 1):
            headers = {**request.headers, "Accept-Encoding": "identity"}
            with client.stream(request.method, url, headers=headers, content=body) as response:
                if response.status_code not in REDIRECTS:
                    return _answer(response)
                url = checked_url(str(url.join(response.headers.get("Location", ""))))
    except (InvalidUrl, NotPublic, httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        pass
    return {"failed": True}


def _answer(response: httpx2.Response) -> dict[str, Any]:
    body = bytearray()
    for block in response.iter_raw(64 * 1024):
        body += block
        if len(body) > MAX_ANSWER_BYTES:
            break
    return {
        "status": response.status_code,
        "url": str(response.url),
        "headers": dict(response.headers.items()),
        "body": base64.b64encode(body[:MAX_ANSWER_BYTES]).decode(),
    }


def _song(message: dict[str, Any]) -> PageSong:
    try:
        found = _Found.model_validate(message.get("found"))
        checked_url(found.url)
    except (ValidationError, InvalidUrl):
        raise _no_song() from None
    passed_on = {name: text for name, text in found.headers.items() if name.lower() in _PASSED_ON}
    return PageSong(found.url, passed_on, clean_name(f"{found.title}.{found.ending}"))


def _no_song() -> UrlFailed:
    return UrlFailed(
        "No single song that can be fetched was found on this page. Give the address of the audio "
        "file itself, or download the file and upload it."
    )
