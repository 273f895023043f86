"""HTTP that reaches public addresses only.

The check is part of connecting: a name is resolved once, every address that it has is looked at,
and the connection goes to one of these very addresses. A name that means another machine a moment
later (DNS rebinding) gains nothing. TLS still checks the certificate against the name.
"""

import socket
import ssl
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from typing import Any

import httpcore2
import httpx2

from separation.net.addresses import Address, Network, may_be_asked


class NotPublic(Exception):
    """A name or an address that leads inside a network; nothing was asked there."""


class PublicTransport(httpx2.HTTPTransport):
    """For an ``httpx2.Client``; proxies are not used, as they would choose the address.

    ``allowed``: networks that may be asked although they are not public. ``deadline``: the
    moment of ``time.monotonic`` after which nothing is resolved, connected, sent or read any more,
    however often a byte arrives; ``None``: only the client's own timeouts count.
    Requests raise ``NotPublic`` besides what ``httpx2`` raises.
    """

    def __init__(self, allowed: Iterable[Network] = (), *, deadline: float | None = None) -> None:
        super().__init__()
        # The one thing that httpx2's own transport cannot be told is how to connect.
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            network_backend=_PublicBackend(tuple(allowed), deadline),
        )


class _PublicBackend(httpcore2.NetworkBackend):
    def __init__(self, allowed: tuple[Network, ...], deadline: float | None) -> None:
        self._allowed = allowed
        self._deadline = deadline
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        addresses = _resolved(host, _left(timeout, self._deadline))
        if not all(may_be_asked(address, self._allowed) for address in addresses):
            raise NotPublic("The address leads to a machine inside a network.")
        stream = self._first_of(addresses, port, timeout, local_address, socket_options)
        return _Stream(stream, self._deadline)

    def _first_of(
        self, addresses: list[Address], port: int, timeout: float | None, *more: Any
    ) -> httpcore2.NetworkStream:
        def connected(address: Address) -> httpcore2.NetworkStream:
            left_s = _left(timeout, self._deadline)
            return self._sockets.connect_tcp(str(address), port, left_s, *more)

        *others, last = addresses
        for address in others:
            with suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return connected(address)
        return connected(last)


class _Stream(httpcore2.NetworkStream):
    """A connection that ends at the deadline, wherever the conversation is."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: float | None) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left_s = _left(timeout, self._deadline)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left_s), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, deadline: float | None) -> float | None:
    """Seconds that one step may take. Raises ``ReadTimeout`` when there are none."""
    if deadline is None:
        return timeout
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise httpcore2.ReadTimeout("the time is up")
    return left_s if timeout is None else min(timeout, left_s)


def _resolved(host: str, timeout: float | None) -> list[Address]:
    """All addresses of ``host``; in a thread, as the system's resolver knows no timeout."""
    answers: SimpleQueue[list[Address] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
            answers.put([ip_address(text) for text in texts])
        except (OSError, ValueError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout)
    except Empty:
        raise httpcore2.ConnectTimeout("the name was not resolved in time") from None
    if isinstance(answer, Exception) or not answer:
        raise httpcore2.ConnectError("the name cannot be resolved")
    return answer
