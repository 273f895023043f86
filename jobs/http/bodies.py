"""Reads the body of a request in blocks as it arrives."""

import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import IO, cast

from django.conf import settings
from django.http import HttpRequest

from jobs.errors import SiteBusy, UploadIncomplete

BLOCK_BYTES = 64 * 1024
"""A connection that is reset loses at most this many of the bytes that had arrived."""


class BodySlots:
    """Limits how many bodies one process reads at once; the other threads serve other requests."""

    def __init__(self) -> None:
        self._taken = 0
        self._lock = threading.Lock()

    @contextmanager
    def take(self) -> Iterator[None]:
        with self._lock:
            if self._taken >= max(1, settings.WEB_THREADS * 3 // 4):
                raise SiteBusy(
                    "As many songs arrive just now as this server takes at once. Send this one "
                    "again in a moment."
                )
            self._taken += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken -= 1


body_slots = BodySlots()


def declared_length(request: HttpRequest) -> int | None:
    """The Content-Length of the request; None where it is missing or no number."""
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text) if text.isascii() and text.isdigit() else None


def blocks(request: HttpRequest, size: int | None) -> Generator[bytes, None, None]:
    """The body in blocks of at most ``BLOCK_BYTES``.

    Raises ``SiteBusy`` before the first block, and ``UploadIncomplete`` after the last one if
    fewer than ``size`` bytes arrived, or none for ``UPLOAD_STALL_S`` seconds.
    """
    received = 0
    with body_slots.take(), _stall_timeout(request):
        while block := _read(_body(request), received, size):
            received += len(block)
            yield block
    if size is not None and received < size:
        raise _broken(received, size)


def _read(body: IO[bytes], received: int, size: int | None) -> bytes:
    try:
        return body.read(BLOCK_BYTES)
    except OSError as error:
        raise _broken(received, size) from error


def _body(request: HttpRequest) -> IO[bytes]:
    # Django reads a body without a length as empty; a server that marks the end allows reading.
    if not request.META.get("CONTENT_LENGTH") and request.META.get("wsgi.input_terminated"):
        return cast("IO[bytes]", request.META["wsgi.input"])
    return cast("IO[bytes]", request)


@contextmanager
def _stall_timeout(request: HttpRequest) -> Iterator[None]:
    """Sets a timeout on the connection, so that a silent client raises ``TimeoutError``. Without it
    the client would hold its thread and its upload until the kernel gave up, hours later."""
    connection = request.META.get("gunicorn.socket")
    if not isinstance(connection, socket.socket):
        yield
        return
    before = connection.gettimeout()
    connection.settimeout(settings.UPLOAD_STALL_S)
    try:
        yield
    finally:
        connection.settimeout(before)


def _broken(received: int, size: int | None) -> UploadIncomplete:
    total = "" if size is None else f" of {size}"
    return UploadIncomplete(
        f"The connection broke: {received}{total} bytes arrived. Send the rest, or all of it "
        "where the upload cannot be resumed."
    )
