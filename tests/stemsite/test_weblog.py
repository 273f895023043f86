import logging
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from stemsite import weblog
from stemsite.gateway.handed_file import HandedFile
from stemsite.gateway.upstream import FILE_HEADER
from stemsite.management.commands.serve import web_command


def test_the_access_log_starts_a_new_file_and_drops_the_oldest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weblog, "MAX_BYTES", 100)
    monkeypatch.setattr(weblog, "KEPT_FILES", 2)
    file = tmp_path / "access.log"
    config = Config()
    config.set("accesslog", str(file))
    log = weblog.BoundedLog(config)
    for number in range(20):
        log.access_log.info("%s %s", number, "x" * 60)
    assert "19 x" in file.read_text()
    assert sorted(path.name for path in tmp_path.glob("access*")) == [
        "access.log",
        "access.log.1",
        "access.log.2",
    ]
    for handler in logging.getLogger("gunicorn.access").handlers:
        handler.close()
    logging.getLogger("gunicorn.access").handlers.clear()


def test_the_server_is_started_with_that_log() -> None:
    command = web_command(Path("web.sock"))
    assert command[command.index("--logger-class") + 1] == "stemsite.weblog.BoundedLog"
    assert command[command.index("--access-logfile") + 1].endswith("access.log")


def test_a_file_that_the_gateway_sends_is_logged_with_its_bytes() -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": "/a",
        "PATH_INFO": "/a",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
    }
    handed = HandedFile(b"/songs/a b.wav", 100, 250)
    header = (FILE_HEADER.decode(), handed.to_header())
    answer = SimpleNamespace(status="206 Partial Content", headers=[header], sent=0)
    log = weblog.BoundedLog(Config())
    atoms = log.atoms(answer, SimpleNamespace(headers=[]), environ, timedelta(seconds=1))
    assert (atoms["b"], atoms["B"], atoms["h"]) == ("250", 250, "192.0.2.7")
