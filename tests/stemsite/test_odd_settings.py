"""Odd settings stop the start, with a sentence each and no traceback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from stemsite import env
from stemsite.env import VARIABLES

ROOT = Path(__file__).resolve().parents[2]

ODD = {
    "STEMSITE_PORT": "65536",
    "STEMSITE_HTTPS": "maybe",
    "STEMSITE_PUBLIC_URL": "stems.example.org",
    "STEMSITE_DATABASE_URL": "nonsense://name:hidden@host",
    "STEMSITE_EMAIL_URL": "nonsense://name:hidden@host",
    "STEMSITE_TIME_ZONE": "Mars/Olympus",
    "STEMSITE_UPLOAD_DIR": "/dev/null/uploads",
    "STEMSITE_MODEL_PATHS": "~nobody-at-all/models",
    "STEMSITE_TARGET_DB": "5",
    "STEMSITE_REMOTE_URL": "gpu.lan:8000",
    "STEMSITE_REMOTE_READ_S": "nan",
    "STEMSITE_DECODE_WALL_S": "0",
    "STEMSITE_HEARTBEAT_S": "-1",
    "STEMSITE_RETENTION_DAYS": "1e3",
    "STEMSITE_TOKEN_DAYS": "1000000000000",
    "STEMSITE_URL_IMPORT_NETWORKS": "10.1.2.0/99",
    "STEMSITE_ROUTES": "local_gpu,moon",
    "STEMSITE_LOG_LEVEL": "LOUD",
}


def start(folder: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    inherited = {name: value for name, value in os.environ.items() if "STEMSITE" not in name}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**inherited, "STEMSITE_DATA_DIR": str(folder), **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_odd_setting_is_told_in_a_sentence_of_its_own(tmp_path: Path) -> None:
    done = start(tmp_path, **ODD)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert sorted(line.split(":")[0].split("=")[0] for line in lines) == sorted(ODD)
    assert all(line.endswith(".") for line in lines)
    assert "hidden" not in done.stderr


def test_a_data_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = start(tmp_path / "file" / "site")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("STEMSITE_DATA_DIR: the folder") and "cannot be made" in line


@pytest.fixture(autouse=True)
def no_faults() -> Iterator[None]:
    yield
    env.FAULTS.clear()


def test_lines_of_a_file_that_are_no_settings_are_told_by_number(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# a comment\n\nSTEMSITE_PORT 8001\n")
    env.read_file(file)
    with pytest.raises(ImproperlyConfigured, match=r"\.env, line 3: write NAME=value"):
        env.refuse_odd_values()
    file.write_bytes(b"NAME=\xff")
    env.read_file(file)
    with pytest.raises(ImproperlyConfigured, match="UTF-8"):
        env.refuse_odd_values()


def test_good_values_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = dict(VARIABLES)
    for name, value in {"A": "2.5", "B": "7", "C": "https://example.org:8443"}.items():
        monkeypatch.setenv(name, value)
    found = (env.number("A", 1.0, "", most=3.0), env.whole("B", 1, "", least=7), env.url("C", ""))
    assert found == (2.5, 7, "https://example.org:8443")
    for name in ("A", "B", "C"):
        del VARIABLES[name]
    assert declared == VARIABLES
    env.refuse_odd_values()


def messages(wanted: str) -> list[str]:
    return [str(each.msg) for each in run_checks() if each.id == wanted]


def test_a_separator_that_is_none_stops_the_start(settings: Settings) -> None:
    assert messages("stemsite.E013") == []
    settings.DEFAULT_SEPARATOR = "demux"
    (message,) = messages("stemsite.E013")
    assert "STEMSITE_SEPARATOR is 'demux'" in message


def test_a_lowest_rate_above_the_highest_stops_the_start(settings: Settings) -> None:
    settings.MIN_SAMPLE_RATE_HZ = settings.MAX_SAMPLE_RATE_HZ + 1
    assert len(messages("stemsite.E012")) == 1


def test_a_misspelt_setting_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEMSITE_MAX_UPLOAD_BYTE", "1")
    (warning,) = (each for each in run_checks() if each.id == "stemsite.W004")
    assert "STEMSITE_MAX_UPLOAD_BYTE is set" in str(warning.msg)
    assert warning.hint == "Did you mean STEMSITE_MAX_UPLOAD_BYTES?"
