"""Browsers are told to insist on TLS for no more names than the operator asks for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHOW = """
from stemsite import settings as s
print(s.SECURE_HSTS_SECONDS > 0, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD)
"""


@pytest.mark.parametrize(
    ("https", "hsts", "told"),
    [
        ("1", "", "True False False"),
        ("1", "preload", "True True True"),
        ("0", "preload", "False False False"),
    ],
)
def test_preload_is_told_on_request_only(tmp_path: Path, https: str, hsts: str, told: str) -> None:
    asked = {"STEMSITE_DATA_DIR": str(tmp_path), "STEMSITE_HTTPS": https, "STEMSITE_HSTS": hsts}
    command = [sys.executable, "-c", SHOW]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **asked}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == told
