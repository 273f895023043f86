"""One request and its answer between a client and gunicorn."""

import asyncio
import contextlib
import os
from dataclasses import dataclass

import h11

from stemsite.gateway import answers
from stemsite.gateway.body import Body, declared_length
from stemsite.gateway.client import Client, ClientGone, GaveWay, key_of
from stemsite.gateway.client_log import Tally
from stemsite.gateway.handed_file import HandedFile
from stemsite.gateway.limits import Limits
from stemsite.gateway.threads import NoThread, Threads, ThreadTurn
from stemsite.gateway.timeouts import MinimumRate, TooSlow
from stemsite.gateway.upstream import (
    FILE_HEADER,
    Upstream,
    UpstreamGone,
    for_client,
    for_gunicorn,
)

FILE_BLOCK_BYTES = 128 * 1024
RESUMABLE = (b"PUT", b"PATCH")
"""Uploads can be resumed, so that every byte that has arrived must reach Django."""


@dataclass
class Site:
    """The objects that all exchanges share. ``upstream``: the path of gunicorn's socket."""

    limits: Limits
    upstream: str
    threads: Threads
    tally: Tally
    is_stopping: bool = False


class Exchange:
    """``run`` answers the request in every case. Afterwards the state of ``http`` says whether the
    connection can serve another request."""

    def __init__(
        self, site: Site, client: Client, http: h11.Connection, request: h11.Request
    ) -> None:
        self._site, self._client, self._http, self._request = site, client, http, request
        self._body = Body(client, http, site.limits)

    async def run(self) -> None:
        """Raises ``ClientGone`` if the rest of the answer cannot be sent, and the errors of
        ``Client.send``."""
        if self._request.method == b"CONNECT":
            await self._send_answer(answers.NO_METHOD)
            return
        self._client.timeout = self._body_timeout()
        try:
            await self._collect()
            async with self._site.threads.hold(
                self._client, self._key(), has_body=not self._body.is_complete
            ) as turn:
                await self._request_upstream(turn)
        except NoThread:
            self._site.tally.note("no thread became free in time", self._client.address)
            await self._send_answer(answers.BUSY)

    async def _collect(self) -> None:
        """Raises ``ClientGone``, ``TooSlow``, ``GaveWay`` for a request that cannot be resumed."""
        try:
            await self._body.collect(declared_length(self._request))
        except (ClientGone, TooSlow, GaveWay):
            if self._request.method not in RESUMABLE:
                raise
            self._client.gives_way = True

    async def _request_upstream(self, turn: ThreadTurn) -> None:
        try:
            upstream = await Upstream.connect(self._site.upstream, self._site.limits.queue_s)
        except UpstreamGone:
            await self._send_answer(answers.STARTING)
            return
        try:
            response = await self._send_request(upstream, turn)
            self._client.timeout = self._answer_timeout()
            await self._relay(response, upstream, turn)
        except UpstreamGone:
            if self._http.our_state is not h11.SEND_RESPONSE:
                raise ClientGone from None
            self._site.tally.note("gunicorn ended in the middle", self._client.address)
            await self._send_answer(answers.FAILED)
        finally:
            upstream.close()

    async def _send_request(self, upstream: Upstream, turn: ThreadTurn) -> h11.Response:
        """Send the request, and its body until gunicorn answers; returns the answer's head."""
        own = str(self._client.connection.getsockname()[0])
        await upstream.send(for_gunicorn(self._request, self._client.address, own))
        await upstream.send(*(h11.Data(data=block) for block in self._body.collected))
        self._body.collected.clear()
        if self._body.is_complete:
            await upstream.send(h11.EndOfMessage())
            return await upstream.response()
        pump = asyncio.create_task(self._pump(upstream, turn))
        try:
            return await upstream.response()
        finally:
            pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pump
            self._body.end_if_here()

    async def _pump(self, upstream: Upstream, turn: ThreadTurn) -> None:
        """Send the rest of the body. An aborted body ends early, and Django answers the error."""
        try:
            while block := await self._body.next():
                await upstream.send(h11.Data(data=block))
            await upstream.send(h11.EndOfMessage())
            self._site.threads.body_is_here(turn)
        except (TooSlow, GaveWay) as reason:
            what = "gave way to others" if isinstance(reason, GaveWay) else "was too slow"
            self._site.tally.note(f"a body {what}", self._client.address)
            upstream.end_early()
        except (ClientGone, h11.RemoteProtocolError):
            upstream.end_early()

    async def _relay(self, response: h11.Response, upstream: Upstream, turn: ThreadTurn) -> None:
        handed = dict(response.headers).get(FILE_HEADER.lower())
        if handed is not None:
            upstream.close()
            self._site.threads.release(turn)
            await self._send_file(response, HandedFile.from_header(handed.decode("ascii")))
            return
        blocks, held = [self._head(response)], 0
        while held <= self._site.limits.buffer_bytes and (block := await upstream.block()):
            held += len(block)
            blocks.append(self._data(block))
        if held <= self._site.limits.buffer_bytes:
            upstream.close()
            self._site.threads.release(turn)
        await self._client.send(b"".join(blocks))
        if held > self._site.limits.buffer_bytes:
            while block := await upstream.block():
                await self._client.send(self._data(block))
        await self._client.send(self._http.send(h11.EndOfMessage()) or b"")

    async def _send_file(self, response: h11.Response, file: HandedFile) -> None:
        try:
            descriptor = await asyncio.to_thread(file.open)
        except OSError:
            await self._send_answer(answers.FILE_GONE)
            return
        try:
            await self._client.send(self._head(response, length=file.count))
            offset, end = file.start, file.start + file.count
            while offset < end:
                size = min(FILE_BLOCK_BYTES, end - offset)
                block = await asyncio.to_thread(os.pread, descriptor, size, offset)
                if not block:
                    raise ClientGone
                offset += len(block)
                await self._client.send(self._data(block))
        finally:
            os.close(descriptor)
        await self._client.send(self._http.send(h11.EndOfMessage()) or b"")

    async def _send_answer(self, answer: answers.Answer) -> None:
        headers, body = answers.content(answer, self._request.target)
        response = h11.Response(status_code=answer.status, headers=headers)
        data = self._http.send(response) or b""
        if self._request.method != b"HEAD":
            data += self._data(body)
        self._client.timeout = self._answer_timeout()
        await self._client.send(data + (self._http.send(h11.EndOfMessage()) or b""))

    def _head(self, response: h11.Response, *, length: int | None = None) -> bytes:
        closes = self._site.is_stopping or not self._body.is_complete
        headers = for_client(response, closes=closes)
        if length is not None:
            kept = [(raw, value) for raw, value in headers if raw.lower() != b"content-length"]
            headers = [*kept, (b"Content-Length", str(length).encode())]
        event = h11.Response(
            status_code=response.status_code, headers=headers, reason=response.reason
        )
        return self._http.send(event) or b""

    def _data(self, block: bytes) -> bytes:
        return self._http.send(h11.Data(data=block)) or b""

    def _body_timeout(self) -> MinimumRate:
        return MinimumRate(self._site.limits.pace_s, self._site.limits.pace_bytes_per_s)

    def _answer_timeout(self) -> MinimumRate:
        limits = self._site.limits
        return MinimumRate(limits.pace_s, limits.pace_bytes_per_s, self._client.queued_bytes)

    def _key(self) -> str:
        """The key for the share of threads; behind a proxy, of the address that the proxy names."""
        if self._site.limits.is_proxy(self._client.address):
            named = dict(self._request.headers).get(b"x-forwarded-for", b"")
            last = named.rpartition(b",")[2].strip().decode("latin-1")
            return key_of(last or self._client.address)
        return self._client.key
