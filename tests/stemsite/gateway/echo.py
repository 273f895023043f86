"""A small WSGI application that tells what has reached it, for gunicorn behind the gateway."""

import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from stemsite.gateway.middleware import BehindGateway, StartResponse

FOLDER = Path(os.environ["ECHO_FOLDER"])
BLOCK = b"x" * 65536


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    action = environ["PATH_INFO"].strip("/").replace("-", "_") or "told"
    return ACTIONS[action](environ, start_response)


def told(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    names = ("REMOTE_ADDR", "wsgi.url_scheme", "SCRIPT_NAME", "CONTENT_LENGTH", "REQUEST_METHOD")
    seen = {name: environ.get(name) for name in names}
    seen |= {name: value for name, value in environ.items() if name.startswith("HTTP_")}
    return _answer(start_response, json.dumps({**seen, "length": len(body)}).encode())


def kept(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Writes what arrives, as an upload does."""
    with (FOLDER / f"kept{environ['QUERY_STRING']}").open("wb", buffering=0) as file:
        while block := environ["wsgi.input"].read(65536):
            file.write(block)
    return _answer(start_response, b"kept")


def unread(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answers without looking at the body, as a refusal does."""
    return _answer(start_response, b"no", "401 Unauthorized")


def slow(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    time.sleep(float(environ["QUERY_STRING"]))
    return _answer(start_response, b"done")


def file(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    opened = (FOLDER / "file").open("rb")
    size = (FOLDER / "file").stat().st_size
    start_response("200 OK", [("Content-Length", str(size)), ("Content-Type", "audio/wav")])
    if environ["QUERY_STRING"] == "removed":
        (FOLDER / "file").unlink()
    wrapped: Iterable[bytes] = environ["wsgi.file_wrapper"](opened, 65536)
    return wrapped


def stream(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """So many bytes, made while they are sent, as a ZIP is."""
    count = int(environ["QUERY_STRING"])
    start_response("200 OK", [("Content-Type", "application/zip")])
    return _blocks(count)


def _blocks(count: int) -> Iterator[bytes]:
    while count > 0:
        yield BLOCK[:count]
        count -= len(BLOCK)


def _answer(start_response: StartResponse, body: bytes, status: str = "200 OK") -> list[bytes]:
    start_response(status, [("Content-Length", str(len(body))), ("Content-Type", "text/plain")])
    return [body]


ACTIONS = {
    "told": told, "kept": kept, "unread": unread, "slow": slow, "file": file, "stream": stream,
    "api/told": told, "api/slow": slow,
}  # fmt: skip
behind = BehindGateway(application, [FOLDER])
