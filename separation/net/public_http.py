"""HTTP that reaches public addresses only.

The check is part of connecting: the name is resolved once, all its addresses are checked, and the
connection goes to one of the checked addresses. A name that resolves to another machine a moment
later (DNS rebinding) has no effect. TLS still checks the certificate against the name.
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

from separation.net.addresses import Address, Network, is_allowed


class NotPublic(Exception):
    """A name or an address leads into a private network; no request was sent to it."""


class PublicTransport(httpx2.HTTPTransport):
    """A transport for ``httpx2.Client``; it uses no proxies, as they would choose the address.

    ``allowed``: networks that are allowed although they are not public. ``deadline``: the time of
    ``time.monotonic`` after which nothing is resolved, connected, sent or read, even if bytes still
    arrive; ``None``: only the client's own timeouts apply. Requests raise ``NotPublic`` and the
    errors of ``httpx2``.
    """

    def __init__(self, allowed: Iterable[Network] = (), *, deadline: float | None = None) -> None:
        super().__init__()
        # httpx2's own transport has no parameter for the way in which it connects.
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
        addresses = _resolved(host, _remaining_s(timeout, self._deadline))
        if not all(is_allowed(address, self._allowed) for address in addresses):
            raise NotPublic("The address leads to a machine inside a network.")
        stream = self._first_of(addresses, port, timeout, local_address, socket_options)
        return _Stream(stream, self._deadline)

    def _first_of(
        self, addresses: list[Address], port: int, timeout: float | None, *more: Any
    ) -> httpcore2.NetworkStream:
        def connected(address: Address) -> httpcore2.NetworkStream:
            step_s = _remaining_s(timeout, self._deadline)
            return self._sockets.connect_tcp(str(address), port, step_s, *more)

        *others, last = addresses
        for address in others:
            with suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return connected(address)
        return connected(last)


class _Stream(httpcore2.NetworkStream):
    """A connection that ends at the deadline, also in the middle of an answer."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: float | None) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _remaining_s(timeout, self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _remaining_s(timeout, self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        step_s = _remaining_s(timeout, self._deadline)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, step_s), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _remaining_s(timeout: float | None, deadline: float | None) -> float | None:
    """Return the seconds that one step may take. Raises ``ReadTimeout`` after the deadline."""
    if deadline is None:
        return timeout
    remaining_s = deadline - time.monotonic()
    if remaining_s <= 0:
        raise httpcore2.ReadTimeout("the time is up")
    return remaining_s if timeout is None else min(timeout, remaining_s)


def _resolved(host: str, timeout: float | None) -> list[Address]:
    """Return all addresses of ``host``. A thread resolves it, as the system's resolver has no
    timeout."""
    answers: SimpleQueue[list[Address] | Exception] = SimpleQueue()

    def resolve() -> None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
            answers.put([ip_address(text) for text in texts])
        except (OSError, ValueError) as error:
            answers.put(error)

    threading.Thread(target=resolve, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout)
    except Empty:
        raise httpcore2.ConnectTimeout("the name was not resolved in time") from None
    if isinstance(answer, Exception) or not answer:
        raise httpcore2.ConnectError("the name cannot be resolved")
    return answer
