"""The connection of one client, with a timeout for each wait."""

import asyncio
import contextlib
import fcntl
import socket
import struct
import sys
import termios
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any

from stemsite.gateway.timeouts import Timeout

RECEIVE_BYTES = 256 * 1024


class GaveWay(Exception):
    """The connection was slow, and another one needed its place."""


class ClientGone(Exception):
    """The client closed the connection, or the network did."""


class Client:
    """``address``: the peer's address, which Django receives. ``key``: the unit that limits count,
    which is the address, or the /64 network of IPv6, as one customer has at least that. ``key`` is
    empty for a trusted proxy."""

    def __init__(
        self, connection: socket.socket, timeout: Timeout, is_proxy: Callable[[str], bool]
    ) -> None:
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = connection
        self.address = str(connection.getpeername()[0])
        self.key = "" if is_proxy(self.address) else key_of(self.address)
        self.timeout = timeout
        self.is_between_requests = True
        """The connection is idle or sends a request's head, so that ending it loses nothing."""
        self.gives_way = False
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[None] | None = None

    async def receive(self) -> bytes:
        """The next bytes; empty where the client has sent all. Raises ``TooSlow``, ``GaveWay``,
        ``ClientGone``."""
        while True:
            try:
                data = self.connection.recv(RECEIVE_BYTES)
            except (BlockingIOError, InterruptedError):
                await self._wait(self._loop.add_reader, self._loop.remove_reader)
            except OSError as error:
                raise ClientGone from error
            else:
                self.timeout.moved(len(data))
                return data

    async def send(self, data: bytes) -> None:
        """Raises ``TooSlow``, ``GaveWay``, ``ClientGone``."""
        unsent = memoryview(data)
        while unsent:
            try:
                sent = self.connection.send(unsent)
            except (BlockingIOError, InterruptedError):
                await self._wait(self._loop.add_writer, self._loop.remove_writer)
            except OSError as error:
                raise ClientGone from error
            else:
                self.timeout.moved(sent)
                unsent = unsent[sent:]

    def now(self) -> float:
        return self._loop.time()

    def too_slow_s(self) -> float | None:
        """For how many seconds the client has been too slow; None while nothing waits for it."""
        if self._waiting is None and not self.is_between_requests:
            return None
        return self.timeout.too_slow_s(self.now())

    def queued_bytes(self) -> int:
        """Bytes in the kernel that the client has not taken yet; 0 where the system cannot tell."""
        if sys.platform != "linux":
            return 0
        answer = fcntl.ioctl(self.connection.fileno(), termios.TIOCOUTQ, bytes(4))
        return int.from_bytes(answer, sys.byteorder)

    def give_way(self) -> None:
        """End the wait for this client, now and later."""
        self.gives_way = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(GaveWay())

    def close(self) -> None:
        self.connection.close()

    def abort(self) -> None:
        """Close with a reset, so that the client sees that the answer is incomplete."""
        with contextlib.suppress(OSError):
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    async def _wait(self, watch: Callable[..., Any], forget: Callable[..., Any]) -> None:
        if self.gives_way:
            raise GaveWay
        self.timeout.begin_wait(self.now())
        try:
            while not await self._ready_within(self.timeout.left_s(self.now()), watch, forget):
                pass
        finally:
            self.timeout.end_wait(self.now())

    async def _ready_within(
        self, seconds: float, watch: Callable[..., Any], forget: Callable[..., Any]
    ) -> bool:
        self._waiting = future = self._loop.create_future()
        watch(self.connection.fileno(), _resolve, future)
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            return False
        finally:
            forget(self.connection.fileno())
            self._waiting = None
        return True


def _resolve(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def key_of(address: str) -> str:
    """The unit of limits: the address, or the /64 network of an IPv6 address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)
