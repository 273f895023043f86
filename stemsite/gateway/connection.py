"""Serves the requests of one connection, one after the other."""

import contextlib
import socket

import h11

from stemsite.gateway import answers
from stemsite.gateway.client import Client, ClientGone, GaveWay
from stemsite.gateway.exchange import Exchange, Site
from stemsite.gateway.timeouts import Deadline, TooSlow

LINGER_S = 5.0
"""The wait for a client that still sends after its answer: if the connection were closed at once,
the kernel would drop the answer (RFC 9112, 9.6)."""


async def serve(site: Site, client: Client) -> None:
    """Serve all requests of a connection and close it. No client can cause an exception."""
    http = h11.Connection(h11.SERVER, max_incomplete_event_size=site.limits.header_bytes)
    try:
        while await _serve_one(site, client, http):
            http.start_next_cycle()
            client.timeout = Deadline(site.limits.idle_s, client.now())
        await _end(client, http)
    except (ClientGone, TooSlow, GaveWay) as reason:
        _note(site, client, reason)
        client.abort()
    finally:
        client.close()


async def _serve_one(site: Site, client: Client, http: h11.Connection) -> bool:
    """Serve one request; True if another request may follow."""
    client.is_between_requests = True
    try:
        request = await _head(site, client, http)
    except h11.RemoteProtocolError as error:
        await _refuse(client, _fault(error))
        return False
    if request is None:
        return False
    if _size(request) > site.limits.header_bytes:
        await _refuse(client, answers.HEADERS_TOO_LARGE)
        return False
    client.is_between_requests = False
    try:
        await Exchange(site, client, http, request).run()
    except (TooSlow, GaveWay):
        if http.our_state is not h11.SEND_RESPONSE:
            raise
        site.tally.note("a request was too slow", client.address)
        await _refuse(client, answers.TOO_SLOW)
        return False
    except h11.RemoteProtocolError as error:
        await _refuse(client, _fault(error))
        return False
    return bool(http.our_state is h11.DONE and http.their_state is h11.DONE) and not (
        site.is_stopping
    )


async def _head(site: Site, client: Client, http: h11.Connection) -> h11.Request | None:
    """The next request; None if no further one comes."""
    has_begun = bool(http.trailing_data[0])
    while (event := http.next_event()) is h11.NEED_DATA:
        try:
            data = await client.receive()
        except (TooSlow, GaveWay):
            if not has_begun:
                return None
            site.tally.note("the head of a request was too slow", client.address)
            await _refuse(client, answers.TOO_SLOW)
            return None
        if not has_begun:
            has_begun = True
            client.timeout = Deadline(site.limits.header_s, client.now())
        http.receive_data(data)
    return event if isinstance(event, h11.Request) else None


def _size(request: h11.Request) -> int:
    """The size of the head. h11 does not limit a head that arrives in one piece."""
    return len(request.target) + sum(
        len(name) + len(value) + len(": \r\n") for name, value in request.headers.raw_items()
    )


async def _refuse(client: Client, answer: answers.Answer) -> None:
    """Send without waiting: the answer fits into the kernel's buffer, or nobody reads it."""
    client.gives_way = True
    with contextlib.suppress(GaveWay, ClientGone):
        await client.send(answers.whole(answer))


async def _end(client: Client, http: h11.Connection) -> None:
    with contextlib.suppress(OSError):
        client.connection.shutdown(socket.SHUT_WR)
    if http.their_state is not h11.SEND_BODY or client.gives_way:
        return
    client.timeout = Deadline(LINGER_S, client.now())
    with contextlib.suppress(TooSlow, GaveWay, ClientGone):
        while await client.receive():
            pass


def _fault(error: h11.RemoteProtocolError) -> answers.Answer:
    return answers.HEADERS_TOO_LARGE if error.error_status_hint == 431 else answers.BAD_REQUEST


def _note(site: Site, client: Client, reason: Exception) -> None:
    if isinstance(reason, TooSlow):
        site.tally.note("an answer was taken too slowly", client.address)
    elif isinstance(reason, GaveWay):
        site.tally.note("a slow client gave way to others", client.address)
