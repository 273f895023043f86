"""The child that reads pages: a separate process in which yt-dlp finds the address of a song.

Only :mod:`separation.net.url_page` runs it, and sends all its requests. The child writes JSON
lines: ``{"ask": {method, url, headers, body}}``, answered on standard input by ``{status, url,
headers, body}`` or ``{"failed": true}``, and at the end ``{"found": {...}}`` or ``{"none": true}``.
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
"""The options select one file that can be fetched as it is, without fragments or playlists."""


class ParentRH(RequestHandler):  # type: ignore[misc]  # yt-dlp publishes no types
    """Sends requests through the parent process, as this process has no network."""

    _SUPPORTED_URL_SCHEMES = ("http", "https")
    _SUPPORTED_PROXY_SCHEMES = None
    _SUPPORTED_FEATURES = (Features.NO_PROXY, Features.ALL_PROXY)

    def _check_extensions(self, extensions: dict[str, Any]) -> None:
        # The parent decides about everything that extensions could set.
        extensions.clear()

    def _send(self, request: Request) -> Response:
        body = request.data if isinstance(request.data, bytes) else None
        message = {
            "method": request.method,
            "url": request.url,
            "headers": dict(self._get_headers(request)),
            "body": None if body is None else base64.b64encode(body).decode(),
        }
        _send_message({"ask": message})
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
    """A logger that drops all messages."""

    def debug(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...


class _Reader(yt_dlp.YoutubeDL):  # type: ignore[misc]  # the same
    def build_request_director(self, handlers: Any, preferences: Any = None) -> RequestDirector:
        return super().build_request_director([ParentRH])


def _send_message(message: dict[str, Any]) -> None:
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
        # On pages of unknown sites yt-dlp numbers the songs, even if there is only one.
        "title": str(info.get("title") or "").removesuffix(" (1)"),
        "ending": str(info.get("ext") or "bin"),
    }


_out = sys.stdout


def main(text: str) -> None:
    """Do the task in ``text`` (JSON): find the song of one page."""
    task = json.loads(text)
    # Output of yt-dlp must not be mistaken for messages of this process.
    sys.stdout = sys.stderr
    confine(
        memory_bytes=task["memory_bytes"], cpu_s=task["cpu_s"], file_bytes=2**20,
        readable=[OWN_STATUS],
    )  # fmt: skip
    try:
        found = _found(task["url"])
    except Exception as error:
        # Any page may break yt-dlp. Its messages contain addresses, which are not logged.
        sys.stderr.write(f"{type(error).__name__}\n")
        found = None
    _send_message({"found": found} if found else {"none": True})
    os._exit(0)
