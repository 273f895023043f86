"""Reads the body of a request from the client."""

import contextlib

import h11

from stemsite.gateway.client import Client, ClientGone
from stemsite.gateway.limits import Limits

FIRST_BYTES = 64 * 1024
"""A streamed body gets a thread after so many bytes, so that one that begins slowly gets none."""


class Body:
    def __init__(self, client: Client, http: h11.Connection, limits: Limits) -> None:
        self._client = client
        self._http = http
        self._limits = limits
        self.collected: list[bytes] = []
        self.is_complete = False

    async def collect(self, length: int | None) -> None:
        """Receive the whole body if ``length`` fits into the buffer, else its beginning.

        Raises the errors of ``next``; the blocks before the error stay in ``collected``.
        """
        fits = length is not None and length <= self._limits.buffer_bytes
        target = length if length is not None and fits else FIRST_BYTES
        held = 0
        while not self.is_complete and (fits or held < target):
            block = await self.next()
            if block:
                self.collected.append(block)
                held += len(block)

    async def next(self) -> bytes:
        """The next bytes; empty at its end. Raises ``TooSlow``, ``GaveWay``, ``ClientGone``,
        ``h11.RemoteProtocolError``."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                informational = h11.InformationalResponse(
                    status_code=100, headers=[], reason=b"Continue"
                )
                await self._client.send(self._http.send(informational) or b"")
            data = await self._client.receive()
            if not data:
                raise ClientGone
            self._http.receive_data(data)
        if isinstance(event, h11.Data):
            return bytes(event.data)
        self.is_complete = True
        return b""

    def end_if_here(self) -> None:
        """Note the end of the body: Django may answer before the gateway has read the end."""
        if not self.is_complete and self._http.their_state is h11.SEND_BODY:
            with contextlib.suppress(h11.RemoteProtocolError):
                self.is_complete = isinstance(self._http.next_event(), h11.EndOfMessage)


def declared_length(request: h11.Request) -> int | None:
    """The length of the body; 0 without a body, None for a chunked one."""
    headers = dict(request.headers)
    if b"transfer-encoding" in headers:
        return None
    return int(headers.get(b"content-length", b"0"))
