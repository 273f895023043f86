import logging
from pathlib import Path

import pytest
from gunicorn.config import Config

from stemsite import weblog
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
    command = web_command("127.0.0.1", 8000)
    assert command[command.index("--logger-class") + 1] == "stemsite.weblog.BoundedLog"
    assert command[command.index("--access-logfile") + 1].endswith("access.log")
