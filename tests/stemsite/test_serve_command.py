"""What ``manage.py serve`` starts, and where."""

import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError

from stemsite.gateway.limits import Limits
from stemsite.management.commands.serve import (
    SOCKET_NAME_BYTES,
    gateway_command,
    gateway_limits,
    socket_path,
    web_command,
)


def test_gunicorn_listens_where_only_the_gateway_asks() -> None:
    path = Path("/data/web-8000.sock")
    served, gateway = web_command(path), gateway_command("0.0.0.0", 8000, path)
    assert served[served.index("--bind") + 1] == f"unix:{path}"
    assert served[served.index("--umask") + 1] == "0o077"
    assert "stemsite.gateway.wsgi:application" in served
    assert gateway[gateway.index("--upstream") + 1] == str(path)


def test_every_limit_reaches_the_gateway_as_it_is_set(settings: Any) -> None:
    settings.HEADER_S, settings.WEB_THREADS = 3.5, 8
    limits = Limits.from_json(gateway_limits().to_json())
    assert (limits.header_s, limits.threads, limits.body_threads) == (3.5, 8, 6)


def test_the_socket_lies_in_the_data_directory() -> None:
    assert socket_path(Path("/data"), 8000) == Path("/data/web-8000.sock")


def test_a_long_data_directory_has_its_socket_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = Path(tempfile.mkdtemp(dir="/tmp"))
    monkeypatch.setattr("tempfile.tempdir", str(short))
    long = tmp_path / ("d" * SOCKET_NAME_BYTES)
    path = socket_path(long, 8000)
    try:
        assert socket_path(long, 8000) == path  # a second start finds it
        assert socket_path(long / "other", 8000) != path
        assert len(os.fsencode(path)) <= SOCKET_NAME_BYTES
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        path.parent.chmod(0o755)
        with pytest.raises(CommandError, match="shorter STEMSITE_DATA_DIR"):
            socket_path(long, 8000)
    finally:
        shutil.rmtree(short)
