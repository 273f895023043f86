"""Accepts connections until a stop signal."""

import asyncio
import contextlib
import errno
import logging
import resource
import signal
import socket
from dataclasses import replace

from stemsite.gateway import answers
from stemsite.gateway.client import Client
from stemsite.gateway.client_log import Tally
from stemsite.gateway.connection import serve
from stemsite.gateway.connections import Connections
from stemsite.gateway.exchange import Site
from stemsite.gateway.limits import Limits
from stemsite.gateway.threads import Threads
from stemsite.gateway.timeouts import Deadline

logger = logging.getLogger("gateway")

BACKLOG = 2048
ACCEPTED_AT_ONCE = 64
"""Connections that are accepted before the open ones are served again."""

OTHER_FILES = 64
"""Descriptors of other files than connections."""

OUT_OF_FILES_S = 0.1


class Server:
    def __init__(self, listener: socket.socket, upstream: str, limits: Limits) -> None:
        limits = replace(limits, connections=possible_connections(limits.connections))
        self._listener = listener
        self._limits = limits
        self._site = Site(limits, upstream, Threads(limits), Tally())
        self._connections = Connections(limits)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT; running requests then have ``drain_s`` seconds to end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_reader(self._listener.fileno(), self._accept)
        await self._stop.wait()
        loop.remove_reader(self._listener.fileno())
        self._listener.close()
        await self._drain()

    async def _drain(self) -> None:
        self._site.is_stopping = True
        for client in self._connections:
            if client.is_between_requests:
                client.give_way()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._limits.drain_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                connection, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    raise
                self._pause()
                return
            self._begin(connection)

    def _pause(self) -> None:
        """Stop accepting for a moment; otherwise the loop would retry at once, for ever."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listener.fileno())
        loop.call_later(OUT_OF_FILES_S, self._resume)

    def _resume(self) -> None:
        if not self._stop.is_set():
            asyncio.get_running_loop().add_reader(self._listener.fileno(), self._accept)

    def _begin(self, connection: socket.socket) -> None:
        timeout = Deadline(self._limits.header_s, asyncio.get_running_loop().time())
        try:
            client = Client(connection, timeout, self._limits.is_proxy)
        except OSError:  # the client has closed it already
            connection.close()
            return
        if not self._connections.admit(client):
            self._site.tally.note("a connection was refused", client.address)
            with contextlib.suppress(OSError):
                connection.send(answers.whole(answers.TOO_MANY))
            client.close()
            return
        task = asyncio.create_task(self._serve(client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, client: Client) -> None:
        try:
            await serve(self._site, client)
        except Exception:
            logger.exception("a connection of %s ended with a fault of the gateway", client.address)
        finally:
            self._connections.leave(client)


def possible_connections(requested: int) -> int:
    """The number of connections up to ``requested`` that the limit of descriptors allows.

    Each connection needs two: one for the client, one for a file or gunicorn's socket.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * requested + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(hard, needed)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return requested
    return max(1, min(requested, (soft - OTHER_FILES) // 2))


def listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener
