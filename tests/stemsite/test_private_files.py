"""What the site writes is for its own account."""

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stemsite.private_files import keep_private
from stemsite.settings import BASE_DIR


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def umask_of_before() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "uploads").mkdir(parents=True)
    (folder / "uploads/song").write_bytes(b"x")
    (folder / "link").symlink_to("/etc/passwd")
    return folder


def test_a_wider_directory_is_tightened_with_a_line_in_the_log(
    wide: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "stemsite.files"):
        assert keep_private([wide], group_reads=False) == [wide]
    assert mode(wide) == mode(wide / "uploads") == 0o700
    assert mode(wide / "uploads/song") == 0o600
    assert [record.getMessage() for record in caplog.records] == [
        f"{wide} could be read by other accounts (mode 755); it is closed to them now"
    ]
    assert keep_private([wide], group_reads=False) == []


def test_what_is_written_from_then_on_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    keep_private([folder], group_reads=False)
    (folder / "file").write_bytes(b"")
    assert (mode(folder), mode(folder / "file")) == (0o700, 0o600)


def test_the_group_may_read_where_the_operator_says_so(wide: Path) -> None:
    keep_private([wide], group_reads=True)
    assert (mode(wide), mode(wide / "uploads/song")) == (0o750, 0o640)


def test_a_folder_of_many_accounts_is_left_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tmp_path.chmod(0o1777)
    assert keep_private([tmp_path], group_reads=False) == []
    assert mode(tmp_path) == 0o1777
    assert "give the site one of its own" in caplog.text


def test_every_command_keeps_the_data_directory_private(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    environment = {**os.environ, "STEMSITE_DATA_DIR": str(data)}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0", "jobs"],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "it is closed to them now" in done.stderr
    found = {path: mode(path) for path in (data, *data.rglob("*"))}
    assert data / "stemsite.sqlite3" in found and data / "secret_key" in found
    assert not {path: bits for path, bits in found.items() if bits & 0o077}
