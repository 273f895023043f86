"""Clients that open connections to a web server and hold them, as an attack does, and somebody who
uses the site meanwhile."""

import contextlib
import selectors
import socket
import statistics
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

HALF_OPEN = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
SLOW_BODY = (
    b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nCookie: csrftoken=" + 32 * b"a" + b"\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n"
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + 70_000 * b"a"
)
"""Enough of it for a thread to take it up."""

TRICKLE_S = 0.5
REPLACED_AT_ONCE = 20
"""Connections that are opened anew each half second."""


@dataclass(frozen=True)
class Kind:
    """How a client is slow: what it sends at first, and what it then sends each half second."""

    name: str
    first: bytes
    then: bytes = b""
    reads: bool = False
    receive_bytes: int | None = None


def kinds(large: str) -> list[Kind]:
    """``large``: the path of a large file."""
    get = "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    return [
        Kind("half-open headers", HALF_OPEN, b"A: b\r\n"),
        Kind("slow bodies", SLOW_BODY, b"a"),
        Kind("unread downloads", get.format(large).encode(), receive_bytes=4096),
        Kind("idle connections", get.format("/health").encode(), reads=True),
    ]


class SlowClients:
    """Keeps ``count`` clients of each kind, and replaces those that the server ends.

    ``addresses``: from how many addresses of this machine they come; one by default. ``per_s``: how
    many are opened in a second, as many requests at once would be a flood, which is another attack.
    """

    def __init__(
        self,
        port: int,
        kinds: Sequence[Kind],
        count: int,
        *,
        addresses: int = 1,
        per_s: float = 200.0,
    ) -> None:
        self._port, self._kinds, self._count = port, kinds, count
        self._addresses, self._per_s = addresses, per_s
        self._open: dict[socket.socket, Kind] = {}
        self._selector = selectors.DefaultSelector()
        self._ended: deque[Kind] = deque()
        self._over = threading.Event()
        self._opened = 0
        self.opened: dict[str, int] = dict.fromkeys((kind.name for kind in kinds), 0)
        """How many of each kind there were, those that took the place of others included."""

    @contextmanager
    def at_work(self) -> Iterator["SlowClients"]:
        for _ in range(self._count):
            for kind in self._kinds:
                self._connect(kind)
                time.sleep(1 / self._per_s)
        thread = threading.Thread(target=self._hold)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()
            for connection in self._open:
                connection.close()

    def _connect(self, kind: Kind) -> None:
        connection = socket.socket()
        if kind.receive_bytes:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, kind.receive_bytes)
        self._opened += 1
        number = self._opened % self._addresses
        connection.bind((f"127.9.{number // 250}.{number % 250 + 1}", 0))
        connection.settimeout(5.0)
        try:
            connection.connect(("127.0.0.1", self._port))
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                connection.send(kind.first)
        except OSError:
            connection.close()
            self._ended.append(kind)
            return
        self.opened[kind.name] += 1
        self._open[connection] = kind
        if kind.reads:
            self._selector.register(connection, selectors.EVENT_READ)

    def _hold(self) -> None:
        while not self._over.is_set():
            until = time.monotonic() + TRICKLE_S
            while (left_s := until - time.monotonic()) > 0 and not self._over.is_set():
                for key, _ in self._selector.select(left_s):
                    self._read(key.fileobj)  # type: ignore[arg-type]
                if not self._selector.get_map():
                    self._over.wait(left_s)
            for connection, kind in list(self._open.items()):
                self._trickle(connection, kind)
            for _ in range(min(REPLACED_AT_ONCE, len(self._ended))):
                self._connect(self._ended.popleft())

    def _trickle(self, connection: socket.socket, kind: Kind) -> None:
        try:
            if kind.then:
                with contextlib.suppress(BlockingIOError):
                    connection.send(kind.then)
            elif not kind.reads and connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise ConnectionError
        except OSError:
            self._drop(connection)

    def _read(self, connection: socket.socket) -> None:
        try:
            if connection.recv(65536):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._drop(connection)

    def _drop(self, connection: socket.socket) -> None:
        kind = self._open.pop(connection)
        if kind.reads:
            self._selector.unregister(connection)
        connection.close()
        self._ended.append(kind)


def answer_times(address: str, paths: Sequence[str], count: int, **headers: str) -> list[float]:
    """Seconds of ``count`` requests of somebody who reads them; raises where one is no 200."""
    times = []
    for n in range(count):
        request = urllib.request.Request(address + paths[n % len(paths)], headers=headers)
        began = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
        times.append(time.perf_counter() - began)
    return times


def p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
