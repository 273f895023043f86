"""One request to gunicorn over its socket, and its answer."""

import asyncio
import contextlib
import socket

import h11

RECEIVE_BYTES = 256 * 1024
RETRY_S = 0.1

CLIENT_HEADER = b"X-Gateway-Client"
FILE_HEADER = b"X-Gateway-File"
"""An answer with this header has no body: the gateway sends the part of a file that it names."""

OWN = b"x-gateway-"
HOP_BY_HOP = frozenset(
    (b"connection", b"expect", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"upgrade")
)
"""RFC 9110, 7.6.1. Transfer-Encoding is kept, as h11 reads the framing from it."""


class UpstreamGone(Exception):
    """gunicorn does not listen, or it ended in the middle of an answer."""


class Upstream:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=1024 * 1024)
        self._takes_more = True

    @classmethod
    async def connect(cls, path: str, timeout_s: float) -> "Upstream":
        """Connect; waits ``timeout_s`` for a gunicorn that starts. Raises ``UpstreamGone``."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            try:
                connection.connect(path)
            except OSError as error:
                connection.close()
                if loop.time() >= until:
                    raise UpstreamGone from error
                await asyncio.sleep(RETRY_S)
            else:
                return cls(connection)

    async def send(self, *events: h11.Event) -> None:
        """Send events; data is dropped when gunicorn no longer reads it, as it has answered."""
        for event in events:
            data = self._http.send(event)
            if data and self._takes_more:
                try:
                    await self._loop.sock_sendall(self._connection, data)
                except OSError:
                    self._takes_more = False

    def end_early(self) -> None:
        """Tell gunicorn that the body ends here, before its announced length."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    async def response(self) -> h11.Response:
        """Raises ``UpstreamGone``."""
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse):
                raise UpstreamGone

    async def block(self) -> bytes:
        """The next bytes of the answer; empty at its end. Raises ``UpstreamGone``."""
        event = await self._next()
        if isinstance(event, h11.Data):
            return bytes(event.data)
        if isinstance(event, h11.EndOfMessage):
            return b""
        raise UpstreamGone

    def close(self) -> None:
        self._connection.close()

    async def _next(self) -> object:
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self._receive())
        except h11.RemoteProtocolError as error:
            raise UpstreamGone from error
        return event

    async def _receive(self) -> bytes:
        try:
            return await self._loop.sock_recv(self._connection, RECEIVE_BYTES)
        except OSError as error:
            raise UpstreamGone from error


def for_gunicorn(request: h11.Request, client: str, own_address: str) -> h11.Request:
    """The request for gunicorn. It leaves out the headers of this connection, the gateway's own
    headers, and names with an underscore, which WSGI cannot tell from those with a dash."""
    named = {
        word.strip().lower()
        for name, value in request.headers
        if name == b"connection"
        for word in value.split(b",")
    }
    headers = [
        (raw, value)
        for raw, value in request.headers.raw_items()
        if not _is_left_out(raw.lower(), named)
    ]
    if not any(raw.lower() == b"host" for raw, _ in headers):
        headers.append((b"Host", own_address.encode("ascii")))
    headers += [(b"Connection", b"close"), (CLIENT_HEADER, client.encode("ascii"))]
    return h11.Request(method=request.method, target=request.target, headers=headers)


def _is_left_out(name: bytes, named: set[bytes]) -> bool:
    framing = (b"content-length", b"transfer-encoding", b"host")
    return (
        name in HOP_BY_HOP
        or (name in named and name not in framing)
        or name.startswith(OWN)
        or b"_" in name
    )


def for_client(response: h11.Response, *, closes: bool) -> list[tuple[bytes, bytes]]:
    """The headers of gunicorn's answer for the client."""
    headers = [
        (raw, value)
        for raw, value in response.headers.raw_items()
        if raw.lower() not in HOP_BY_HOP and not raw.lower().startswith(OWN)
    ]
    return [*headers, (b"Connection", b"close")] if closes else headers
