"""The side that reads pages: a process of its own, in which yt-dlp finds where a song lies.

Run by :mod:`separation.net.url_page` only, which does all asking for it. It talks in JSON lines:
``{"ask": {method, url, headers, body}}``, answered on standard input by ``{status, url, headers,
body}`` or ``{"failed": true}``, and at the end ``{"found": {...}}`` or ``{"none": true}``.
"""

import base64
import io
import json
import os
import sys
from typing import Any

import yt_dlp
from yt_dlp.networking import RequestDirector
from yt_dlp.networking.common import Features, Request, RequestHandler, Response
from yt_dlp.networking.exceptions import HTTPError, TransportError

from separation.sandbox.confine import confine
from separation.system.processes import OWN_STATUS

_OPTIONS = {
    "quiet": True,
    "no_warnings": True,
    "noplaylist": True,
    "playlist_items": "1,2",
    "cachedir": False,
    "format": "/".join(
        f"{kind}[protocol={protocol}]"
        for kind in ("bestaudio", "best")
        for protocol in ("https", "http")
    ),
}
"""One file that can be fetched as it is: no fragments, no playlists of a stream."""


class ParentRH(RequestHandler):  # type: ignore[misc]  # yt-dlp publishes no types
    """Asks the parent process: this one reaches nobody."""

    _SUPPORTED_URL_SCHEMES = ("http", "https")
    _SUPPORTED_PROXY_SCHEMES = None
    _SUPPORTED_FEATURES = (Features.NO_PROXY, Features.ALL_PROXY)

    def _check_extensions(self, extensions: dict[str, Any]) -> None:
        # All of it is for the parent to say.
        extensions.clear()

    def _send(self, request: Request) -> Response:
        body = request.data if isinstance(request.data, bytes) else None
        asked = {
            "method": request.method,
            "url": request.url,
            "headers": dict(self._get_headers(request)),
            "body": None if body is None else base64.b64encode(body).decode(),
        }
        _say({"ask": asked})
        answer = json.loads(sys.stdin.readline())
        if "status" not in answer:
            raise TransportError("failed")
        response = Response(
            io.BytesIO(base64.b64decode(answer["body"])),
            url=answer["url"],
            headers=answer["headers"],
            status=answer["status"],
        )
        if not 200 <= answer["status"] < 300:
            raise HTTPError(response)
        return response


class _Silence:
    """In the place of a log."""

    def debug(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...


class _Reader(yt_dlp.YoutubeDL):  # type: ignore[misc]  # the same
    def build_request_director(self, handlers: Any, preferences: Any = None) -> RequestDirector:
        return super().build_request_director([ParentRH])


def _say(message: dict[str, Any]) -> None:
    _out.write(json.dumps(message) + "\n")
    _out.flush()


def _found(url: str) -> dict[str, Any] | None:
    with _Reader({**_OPTIONS, "logger": _Silence()}) as reader:
        info = reader.extract_info(url, download=False)
    while info and info.get("_type") in ("playlist", "multi_video"):
        entries = [entry for entry in info.get("entries") or () if entry]
        info = entries[0] if len(entries) == 1 else None
    if not info or not info.get("url"):
        return None
    return {
        "url": info["url"],
        "headers": dict(info.get("http_headers") or {}),
        # For pages of no known site yt-dlp numbers songs, also where there is one.
        "title": str(info.get("title") or "").removesuffix(" (1)"),
        "ending": str(info.get("ext") or "bin"),
    }


_out = sys.stdout


def main(text: str) -> None:
    """Look at the page of one task, given as JSON."""
    task = json.loads(text)
    # What yt-dlp prints must not be taken for what is said here.
    sys.stdout = sys.stderr
    confine(
        memory_bytes=task["memory_bytes"], cpu_s=task["cpu_s"], file_bytes=2**20,
        readable=[OWN_STATUS],
    )  # fmt: skip
    try:
        found = _found(task["url"])
    except Exception as error:
        # Any page may break any of its many readers. Messages name addresses, which nobody logs.
        sys.stderr.write(f"{type(error).__name__}\n")
        found = None
    _say({"found": found} if found else {"none": True})
    os._exit(0)
