"""The file behind a link that somebody typed in: from a public address, or not at all.

Nothing of what a server answers ends up in an error: a person could otherwise read, through this
site, what only this site can reach.
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

# It would log whole addresses, with the keys that signed links have in them.
logging.getLogger("httpx2").setLevel(logging.WARNING)


@dataclass(frozen=True)
class DownloadLimits:
    """``networks``: what may be asked beside public addresses. ``total_s``: from the first name
    that is resolved to the last byte, redirects included."""

    max_bytes: int
    total_s: float
    networks: tuple[Network, ...] = ()


@dataclass(frozen=True)
class Download:
    """``name`` is cleaned; ``size_bytes`` is what the server says, None where it says nothing.
    ``is_page``: it says that this is HTML, and so it looks."""

    name: str
    size_bytes: int | None
    blocks: Iterator[bytes]
    is_page: bool = False


@contextmanager
def fetching(url: str, limits: DownloadLimits) -> Iterator[Download]:
    """The song at ``url``: the file itself, or the one that a page is about.

    Raises what :func:`downloading` and :func:`separation.net.url_page.song_of_page` do.
    """
    deadline = time.monotonic() + limits.total_s
    with downloading(url, limits) as download:
        if not download.is_page:
            yield download
            return
    song = song_of_page(url.strip(), deadline=deadline, networks=limits.networks)
    left = replace(limits, total_s=max(deadline - time.monotonic(), 0.0))
    with downloading(song.url, left, headers=song.headers) as download:
        yield replace(download, name=song.name)


@contextmanager
def downloading(
    url: str, limits: DownloadLimits, *, headers: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Download]:
    """The file at ``url``, open; its blocks may be read once, inside the ``with``.

    Here and while reading it raises ``InvalidUrl``, ``UrlRefused`` (also after a redirect),
    ``UrlFailed``, ``TooLarge`` or ``DeadlineExceeded``. Errors of the caller pass unchanged.
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
            # A few compressed bytes may unfold to more than the disk holds.
            headers={**_HEADERS, **headers, "Accept-Encoding": "identity"},
        ) as client,
        _followed(client, address) as response,
    ):
        size = _stated_size(response)
        if size is not None and size > limits.max_bytes:
            raise _too_large(limits)
        name = told_name(response.headers.get("Content-Disposition", "")) or clean_name(
            address.path
        )
        blocks = _blocks(response, limits)
        first = next(blocks, b"")
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        is_page = kind in _PAGES and first.lstrip(_BEFORE_MARKUP).startswith(b"<")
        yield Download(name, size, chain([first], blocks), is_page)


@contextmanager
def _plain_words(deadline: float, total_s: float) -> Iterator[None]:
    """What went wrong on the way, without a word of the other side's."""
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


def told_name(disposition: str) -> str:
    """The name in a ``Content-Disposition`` header (RFC 6266), cleaned; empty: there is none."""
    message = Message()
    message["Content-Disposition"] = disposition
    try:
        name = message.get_filename()
    except (ValueError, TypeError):
        # The server names the character set, and Python has some that decode nothing; of parts
        # with and without a number, the library cannot say which is first.
        return ""
    return clean_name(name) if name else ""


def _too_large(limits: DownloadLimits) -> TooLarge:
    return TooLarge(
        f"The file at this address is larger than the {limits.max_bytes / 1e6:.1f} MB accepted "
        "here."
    )


def _refused() -> UrlRefused:
    # One sentence for all: a difference would tell what there is inside this network.
    return UrlRefused(
        "Nothing can be fetched from this address: it is not on the public internet, or no server "
        "answers there. Check it in a browser, or download the file and upload it."
    )


def _failed() -> UrlFailed:
    return UrlFailed(
        "The server at this address did not deliver a file. Check it in a browser: the link must "
        "lead to the audio file itself. Or download the file and upload it."
    )
