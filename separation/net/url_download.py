"""Download of the file behind a link that a person typed, from public addresses only.

No error message contains a part of a server's answer. Otherwise a person could read data that only
this site can reach.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.message import Message
from itertools import chain
from types import MappingProxyType

import httpx2

from separation.audio.names import clean_name
from separation.errors import DeadlineExceeded, InvalidUrl, TooLarge, UrlFailed, UrlRefused
from separation.net.addresses import Network
from separation.net.public_http import NotPublic, PublicTransport
from separation.net.url_address import MAX_REDIRECTS, REDIRECTS, checked_url
from separation.net.url_page import song_of_page

BLOCK_BYTES = 64 * 1024
CONNECT_S = 10.0
_HEADERS = {"User-Agent": "stemsite", "Accept": "*/*"}
_PAGES = ("text/html", "application/xhtml+xml")
_BEFORE_MARKUP = b"\xef\xbb\xbf \t\r\n"

# At its usual level httpx2 logs whole addresses, with the keys in signed links.
logging.getLogger("httpx2").setLevel(logging.WARNING)


@dataclass(frozen=True)
class DownloadLimits:
    """``networks``: allowed networks besides public addresses. ``total_s``: time from the first
    resolved name to the last byte, redirects included."""

    max_bytes: int
    total_s: float
    networks: tuple[Network, ...] = ()


@dataclass(frozen=True)
class Download:
    """``name`` is cleaned; ``size_bytes`` is the size that the server states, or ``None``.
    ``is_page``: the server declares HTML, and the content looks like it."""

    name: str
    size_bytes: int | None
    blocks: Iterator[bytes]
    is_page: bool = False


@contextmanager
def fetching(url: str, limits: DownloadLimits) -> Iterator[Download]:
    """Open the song at ``url``: the file itself, or the one song of a page.

    Raises the errors of :func:`downloading` and :func:`separation.net.url_page.song_of_page`.
    """
    deadline = time.monotonic() + limits.total_s
    with downloading(url, limits) as download:
        if not download.is_page:
            yield download
            return
    song = song_of_page(url.strip(), deadline=deadline, networks=limits.networks)
    remaining = replace(limits, total_s=max(deadline - time.monotonic(), 0.0))
    with downloading(song.url, remaining, headers=song.headers) as download:
        yield replace(download, name=song.name)


@contextmanager
def downloading(
    url: str, limits: DownloadLimits, *, headers: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Download]:
    """Open the file at ``url``; its blocks can be read once, inside the ``with``.

    Opening and reading raise ``InvalidUrl``, ``UrlRefused`` (also after a redirect), ``UrlFailed``,
    ``TooLarge`` or ``DeadlineExceeded``. Errors of the caller are not changed.
    """
    deadline = time.monotonic() + limits.total_s
    address = checked_url(url.strip())
    transport = PublicTransport(limits.networks, deadline=deadline)
    with (
        _plain_words(deadline, limits.total_s),
        httpx2.Client(
            transport=transport,
            timeout=httpx2.Timeout(limits.total_s, connect=min(CONNECT_S, limits.total_s)),
            trust_env=False,
            follow_redirects=False,
            # No compression: a few compressed bytes may expand to more than the disk holds.
            headers={**_HEADERS, **headers, "Accept-Encoding": "identity"},
        ) as client,
        _followed(client, address) as response,
    ):
        size = _stated_size(response)
        if size is not None and size > limits.max_bytes:
            raise _too_large(limits)
        disposition = response.headers.get("Content-Disposition", "")
        name = disposition_name(disposition) or clean_name(address.path)
        blocks = _blocks(response, limits)
        first = next(blocks, b"")
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        is_page = kind in _PAGES and first.lstrip(_BEFORE_MARKUP).startswith(b"<")
        yield Download(name, size, chain([first], blocks), is_page)


@contextmanager
def _plain_words(deadline: float, total_s: float) -> Iterator[None]:
    """Turn errors of the transfer into errors that contain no text of the server."""
    try:
        yield
    except (NotPublic, httpx2.TransportError, httpx2.StreamError) as error:
        if time.monotonic() >= deadline:
            raise DeadlineExceeded(
                f"Fetching the file took longer than the {total_s:g} seconds that are allowed. "
                "Download it yourself and upload it."
            ) from None
        if isinstance(error, NotPublic | httpx2.ConnectError | httpx2.ConnectTimeout):
            raise _refused() from None
        raise _failed() from None


@contextmanager
def _followed(client: httpx2.Client, url: httpx2.URL) -> Iterator[httpx2.Response]:
    for _ in range(MAX_REDIRECTS + 1):
        with client.stream("GET", url) as response:
            if response.status_code not in REDIRECTS:
                plain = response.headers.get("Content-Encoding", "identity").lower() == "identity"
                if response.status_code != 200 or not plain:
                    raise _failed()
                yield response
                return
            url = _next(url, response.headers.get("Location", ""))
    raise _failed()


def _next(url: httpx2.URL, location: str) -> httpx2.URL:
    try:
        return checked_url(str(url.join(location)))
    except (InvalidUrl, httpx2.InvalidURL, ValueError):
        raise _failed() from None


def _stated_size(response: httpx2.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _blocks(response: httpx2.Response, limits: DownloadLimits) -> Iterator[bytes]:
    received = 0
    for block in response.iter_raw(BLOCK_BYTES):
        received += len(block)
        if received > limits.max_bytes:
            raise _too_large(limits)
        yield block


def disposition_name(disposition: str) -> str:
    """Return the cleaned name in a ``Content-Disposition`` header (RFC 6266), or an empty text."""
    message = Message()
    message["Content-Disposition"] = disposition
    try:
        name = message.get_filename()
    except (ValueError, TypeError):
        # The server chooses the character set, and some of Python's cannot decode text. The library
        # also fails to order name parts with and without a number.
        return ""
    return clean_name(name) if name else ""


def _too_large(limits: DownloadLimits) -> TooLarge:
    return TooLarge(
        f"The file at this address is larger than the {limits.max_bytes / 1e6:.1f} MB accepted "
        "here."
    )


def _refused() -> UrlRefused:
    # One sentence for all cases: different ones would reveal which hosts this network has.
    return UrlRefused(
        "Nothing can be fetched from this address: it is not on the public internet, or no server "
        "answers there. Check it in a browser, or download the file and upload it."
    )


def _failed() -> UrlFailed:
    return UrlFailed(
        "The server at this address did not deliver a file. Check it in a browser: the link must "
        "lead to the audio file itself. Or download the file and upload it."
    )
