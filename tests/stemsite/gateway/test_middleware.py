"""Which files Django leaves to the gateway, and that it names just the part that was asked for."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path

from jobs.http.ranged import ranged_file_response
from stemsite.gateway.handed_file import HandedFile
from stemsite.gateway.middleware import BehindGateway

CONTENT = bytes(range(256)) * 40
shown: Path


def track(request: HttpRequest) -> HttpResponseBase:
    return ranged_file_response(request, shown, sha256="a" * 64, filename="a.wav")


def unnamed(request: HttpRequest) -> HttpResponseBase:
    return FileResponse(io.BytesIO(CONTENT))


urlpatterns = [path("track", track), path("unnamed", unnamed)]
Ask = Callable[..., tuple[str, dict[str, str], bytes]]


@pytest.fixture
def ask(tmp_path: Path, settings: Any) -> Iterator[Ask]:
    settings.ROOT_URLCONF, settings.MIDDLEWARE = __name__, []
    global shown
    shown = tmp_path / "outputs" / "Tráck 1.wav"
    shown.parent.mkdir()
    shown.write_bytes(CONTENT)
    application = BehindGateway(WSGIHandler(), [tmp_path / "outputs"])

    def ask(name: str, method: str = "GET", **more: str) -> tuple[str, dict[str, str], bytes]:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": f"/{name}",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.input": io.BytesIO(),
            "wsgi.url_scheme": "https",
            "HTTP_X_GATEWAY_CLIENT": "192.0.2.7",
            **more,
        }
        started: list[Any] = []
        result = application(environ, lambda *told: started.extend(told))
        body = b"".join(result)
        result.close()  # type: ignore[attr-defined]
        assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]) == ("192.0.2.7", "http")
        return started[0], dict(started[1]), body

    # As Django's own test client does: there is no database here.
    around = (request_started, request_finished)
    for signal in around:
        signal.disconnect(close_old_connections)
    yield ask
    for signal in around:
        signal.connect(close_old_connections)


def test_a_whole_file_is_left_to_the_gateway(ask: Ask) -> None:
    status, headers, body = ask("track")
    assert (status, headers["Content-Length"], body) == ("200 OK", "0", b"")
    handed = HandedFile.from_header(headers["X-Gateway-File"])
    assert handed == HandedFile(str(shown).encode(), 0, len(CONTENT))


def test_a_part_of_a_file_is_left_to_the_gateway(ask: Ask) -> None:
    status, headers, body = ask("track", HTTP_RANGE="bytes=100-199")
    assert (status, body) == ("206 Partial Content", b"")
    assert headers["Content-Range"] == f"bytes 100-199/{len(CONTENT)}"
    assert HandedFile.from_header(headers["X-Gateway-File"]).start == 100
    assert HandedFile.from_header(headers["X-Gateway-File"]).count == 100


def test_a_head_request_keeps_its_length(ask: Ask) -> None:
    _, headers, body = ask("track", "HEAD")
    assert (headers["Content-Length"], body) == (str(len(CONTENT)), b"")
    assert "X-Gateway-File" not in headers


def test_what_is_no_file_of_the_site_is_sent_by_django(ask: Ask, tmp_path: Path) -> None:
    assert ask("unnamed")[2] == CONTENT
    global shown
    shown = tmp_path / "elsewhere.wav"
    shown.write_bytes(CONTENT)
    _, headers, body = ask("track", HTTP_RANGE="bytes=100-199")
    assert body == CONTENT[100:200]
    assert headers["Content-Length"] == "100"
    (tmp_path / "outputs" / "link.wav").symlink_to(shown)
    shown = tmp_path / "outputs" / "link.wav"
    assert ask("track")[2] == CONTENT
