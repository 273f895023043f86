"""Links to shared songs stand in no log."""

import logging
import sys
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config

from stemsite.hidden_links import HidingFormatter, hide_links
from stemsite.settings import LOGGING
from stemsite.weblog import BoundedLog

TOKEN = "hM3-_x" * 5 + "ab"


@pytest.mark.parametrize(
    ("line", "written"),
    [
        (f"GET /s/{TOKEN}/ HTTP/1.1", "GET /s/.../ HTTP/1.1"),
        (f"https://a.org/s/{TOKEN}/previews/vocals/", "https://a.org/s/.../previews/vocals/"),
        ("GET /static/css/base.css", "GET /static/css/base.css"),
        ("GET /jobs/s/", "GET /jobs/s/"),
        (f"POST /setup/{TOKEN}/ HTTP/1.1", "POST /setup/.../ HTTP/1.1"),
        (
            f"GET /accounts/password/reset/key/1a-c8z2k1-{TOKEN}/ HTTP/1.1",
            "GET /accounts/password/reset/key/.../ HTTP/1.1",
        ),
        (
            "GET /accounts/password/reset/key/done/ HTTP/1.1",
            "GET /accounts/password/reset/key/done/ HTTP/1.1",
        ),
        (
            f"GET /accounts/confirm-email/{TOKEN}:1x:b-c/ 200",
            "GET /accounts/confirm-email/.../ 200",
        ),
    ],
)
def test_a_link_is_cut_and_all_else_stays(line: str, written: str) -> None:
    assert hide_links(line) == written


def test_the_log_of_the_site_writes_no_link() -> None:
    settings: dict[str, Any] = LOGGING
    assert settings["formatters"]["plain"]["()"] == "stemsite.hidden_links.HidingFormatter"
    assert {handler["formatter"] for handler in settings["handlers"].values()} == {"plain"}
    record = logging.LogRecord("a", 30, "", 1, "%s: %s", ("Not Found", f"/s/{TOKEN}/"), None)
    assert HidingFormatter().format(record) == "Not Found: /s/.../"


def test_a_traceback_in_the_log_holds_no_link() -> None:
    try:
        raise ValueError(f"no view for /setup/{TOKEN}/")
    except ValueError:
        record = logging.LogRecord("a", 40, "", 1, "it broke", None, sys.exc_info())
    written = HidingFormatter().format(record)
    assert "no view for /setup/.../" in written and TOKEN not in written


def test_the_servers_own_words_hold_no_link() -> None:
    log = BoundedLog(Config())
    (handler,) = log.error_log.handlers
    record = logging.LogRecord("a", 40, "", 1, "Error handling /setup/%s/", (TOKEN,), None)
    assert TOKEN not in handler.format(record)


def test_the_access_log_writes_no_link() -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": f"/s/{TOKEN}/",
        "PATH_INFO": f"/s/{TOKEN}/",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": f"http://a.org/s/{TOKEN}/",
    }
    log = BoundedLog(Config())
    answer = SimpleNamespace(status="200 OK", headers=[], sent=1)
    request = SimpleNamespace(headers=[])
    written = log.atoms(answer, request, environ, timedelta(seconds=1))
    assert written["r"] == "GET /s/.../ HTTP/1.1"
    assert TOKEN not in str([written[key] for key in "rUfqmsh"])
